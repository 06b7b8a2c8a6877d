using Orleans.Concurrency;

namespace Hypeman.Contracts.Certificates;

/// <summary>
/// The certificate of one name, which is asked for once in the whole fleet, renewed, and forgotten when no rule needs it. The
/// ingresses read it from the index.
/// </summary>
[Alias("hypeman.certificate")]
public interface ICertificateGrain : IGrainWithStringKey
{
    /// <summary>
    /// Sees to it that there is one, as some rule needs it; returns when there is, or when it has failed and is tried again later,
    /// or when it takes longer than a call may.
    /// </summary>
    /// <exception cref="Errors.HypemanException"><c>domain_not_allowed</c>; <c>bad_request</c>: nobody issues certificates here.</exception>
    [Alias("Ensure"), AlwaysInterleave] Task<CertificateInfo> EnsureAsync();

    /// <summary>Has it issued anew now, and not when its time has come. Returns at once.</summary>
    /// <exception cref="Errors.HypemanException"><c>not_found</c>; <c>bad_request</c>: nobody issues certificates here.</exception>
    [Alias("Renew"), AlwaysInterleave] Task<CertificateInfo> RenewAsync();

    /// <summary>A rule that needed it is gone: it is forgotten if that was the last one.</summary>
    [Alias("Release"), AlwaysInterleave] Task ReleaseAsync();
}
