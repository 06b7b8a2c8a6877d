namespace Hypeman.Ingress.Certificates;

/// <summary>The way to have a certificate that is not there yet. Supplied by whoever hosts the ingress.</summary>
public interface ICertificateRequester
{
    /// <summary>Has somebody see to it; returns when there is one, or when it does not come now.</summary>
    Task RequestAsync(string name, CancellationToken cancellationToken);
}
