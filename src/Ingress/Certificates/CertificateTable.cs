using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Hypeman.Certificates.Sealing;
using Hypeman.Contracts.Certificates;
using Microsoft.Extensions.Logging;

namespace Hypeman.Ingress.Certificates;

/// <summary>All certificates of the fleet, and what proves names for those that are being issued. One writer, any number of readers.</summary>
internal sealed class CertificateTable(ILogger<CertificateTable> logger, SecretSealer? sealer = null)
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<ServedCertificate>> _awaited = new();

    /// <summary>The certificate for a hostname: its own, else the one with an asterisk for its first label.</summary>
    public ServedCertificate? Find(string host) =>
        _entries.GetValueOrDefault(host)?.Served
        ?? (CertificateName.WildcardOver(host) is { } wildcard ? _entries.GetValueOrDefault(wildcard)?.Served : null);

    public CertificateChallenge? FindChallenge(string host) => _entries.GetValueOrDefault(host)?.Info.Challenge;

    /// <summary>How many names somebody waits for.</summary>
    public int Awaited => _awaited.Count;

    /// <summary>The certificate for exactly this name, as soon as it is there. One waits for a name at a time.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    public async Task<ServedCertificate> ServedAsync(string name, CancellationToken cancellationToken)
    {
        var awaited = _awaited.GetOrAdd(name, _ => new TaskCompletionSource<ServedCertificate>(TaskCreationOptions.RunContinuationsAsynchronously));
        // It may have come a moment ago.
        if (_entries.GetValueOrDefault(name)?.Served is { } present)
            Answer(present);
        try
        {
            return await awaited.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            // Nothing is kept of names that nobody waits for, since anybody can make them up.
            _awaited.TryRemove(KeyValuePair.Create(name, awaited));
        }
    }

    public void Set(CertificateInfo info)
    {
        var before = _entries.GetValueOrDefault(info.Name);
        // What has not changed keeps its object, and with it the sessions of its callers.
        var served = before?.Info.Material?.Serial is { } serial && serial == info.Material?.Serial ? before.Served : Open(info) ?? before?.Served;
        _entries[info.Name] = new Entry(info, served);
        if (served is not null)
            Answer(served);
    }

    public void Remove(string name)
    {
        _entries.TryRemove(name, out _);
        _awaited.TryRemove(name, out _);
    }

    private ServedCertificate? Open(CertificateInfo info)
    {
        if (info.Material is not { } material)
            return null;
        try
        {
            return sealer is null
                ? throw new CryptographicException("This process does not have the fleet's key.")
                : ServedCertificate.FromPem(info.Name, Encoding.ASCII.GetString(sealer.Open(material.Sealed, info.Name)));
        }
        catch (CryptographicException error)
        {
            logger.LogError("The certificate of {Name} cannot be served: {Reason}", info.Name, error.Message);
            return null;
        }
    }

    private void Answer(ServedCertificate served)
    {
        if (_awaited.TryRemove(served.Name, out var awaited))
            awaited.TrySetResult(served);
    }

    private sealed record Entry(CertificateInfo Info, ServedCertificate? Served);
}
