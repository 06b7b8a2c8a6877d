using System.Collections.Concurrent;
using System.Threading.RateLimiting;
using Hypeman.Certificates.Acme;
using Hypeman.Contracts.Certificates;
using Hypeman.Contracts.Index;
using Hypeman.Ingress.Routing;
using Microsoft.Extensions.Logging;

namespace Hypeman.Ingress.Certificates;

/// <summary>
/// Finds what to show in a handshake: the certificate of a hostname, which is asked for when there is none yet and a rule with an
/// instance behind it needs one, or the proof that the hostname is ours.
/// </summary>
internal sealed class CertificateDesk(
    CertificateTable table, RouteTable routes, InstanceTable instances, ICertificateRequester requester, IResourceIndex index, TimeProvider time,
    ILogger<CertificateDesk> logger) : IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<Task<ServedCertificate?>>> _requests = new();

    /// <summary>Anybody can make up hostnames: what is looked up for them in the index, or asked of others, is bounded.</summary>
    private readonly FixedWindowRateLimiter _lookUps = Limiter(Limits.ChallengeLookUpsPerSecond, TimeSpan.FromSeconds(1));
    private readonly FixedWindowRateLimiter _wishes = Limiter(Limits.CertificateRequestsPerMinute, TimeSpan.FromMinutes(1));

    /// <summary>Null: there is none for this hostname, now at least.</summary>
    /// <param name="host">In lower case.</param>
    /// <param name="rulePort">The port of the rules that are served where the caller came in.</param>
    /// <param name="cancellationToken">The caller waits no longer.</param>
    public ValueTask<ServedCertificate?> FindAsync(string host, int rulePort, CancellationToken cancellationToken)
    {
        if (table.Find(host) is { } served)
            return ValueTask.FromResult<ServedCertificate?>(served);
        var isNeeded = routes.Find(host, rulePort) is { Tls: true } route && (route.IsApi || instances.Find(route.Instance) is not null);
        return isNeeded && _requests.Count < Limits.OpenCertificateRequests
            ? new ValueTask<ServedCertificate?>(RequestAsync(host, cancellationToken))
            : default;
    }

    /// <summary>What proves that the hostname is ours, if somebody is just asking for that.</summary>
    public async ValueTask<CertificateChallenge?> FindChallengeAsync(string host, CancellationToken cancellationToken)
    {
        if (table.FindChallenge(host) is { } known)
            return known;
        // Another process has only just written it.
        if (!_lookUps.AttemptAcquire().IsAcquired)
            return null;
        return await index.GetAsync(ResourceKind.Certificate, host, cancellationToken) is { } row
            ? ResourceSummary.Read<CertificateInfo>(row).Challenge
            : null;
    }

    /// <summary>The proof for a handshake with <see cref="AlpnCertificate.Protocol"/>.</summary>
    public async ValueTask<ServedCertificate?> FindProofAsync(string host, CancellationToken cancellationToken) =>
        await FindChallengeAsync(host, cancellationToken) is { IsAlpn: true } challenge
            ? ServedCertificate.Proof(host, AlpnCertificate.Make(host, challenge.KeyAuthorization, time.GetUtcNow()), AlpnCertificate.Protocol)
            : null;

    public void Dispose()
    {
        _lookUps.Dispose();
        _wishes.Dispose();
    }

    private async Task<ServedCertificate?> RequestAsync(string host, CancellationToken cancellationToken)
    {
        var request = _requests.GetOrAdd(host, _ => new Lazy<Task<ServedCertificate?>>(() => Task.Run(() => WaitAsync(host), CancellationToken.None)));
        return await request.Value.WaitAsync(cancellationToken);
    }

    /// <summary>Once for all who wait for the same hostname.</summary>
    private async Task<ServedCertificate?> WaitAsync(string host)
    {
        using var deadline = new CancellationTokenSource(Limits.CertificateWait, time);
        Task<ServedCertificate>? served = null;
        try
        {
            if (!_wishes.AttemptAcquire().IsAcquired)
                return null;
            served = table.ServedAsync(host, deadline.Token);
            await requester.RequestAsync(host, deadline.Token);
            return await served;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (Exception error)
        {
            logger.LogWarning("There is no certificate for {Host} now: {Reason}", host, error.Message);
            return null;
        }
        finally
        {
            _requests.TryRemove(host, out _);
            await deadline.CancelAsync();
            if (served is not null)
                await ((Task)served).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static FixedWindowRateLimiter Limiter(int permits, TimeSpan window) =>
        new(new FixedWindowRateLimiterOptions { PermitLimit = permits, Window = window, QueueLimit = 0 });
}
