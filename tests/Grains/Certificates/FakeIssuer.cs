using System.Collections.Concurrent;
using Hypeman.Certificates.Development;
using Hypeman.Certificates.Issuance;
using Hypeman.Certificates.Sealing;

namespace Hypeman.Tests.Grains.Certificates;

/// <summary>A CA of the tests' that notes what it is asked for, and does before what the test says.</summary>
internal sealed class FakeIssuer : ICertificateIssuer
{
    public static readonly SecretSealer Sealer = new(new byte[SecretSealer.KeyLength]);

    private readonly DevelopmentIssuer? _issuer;

    /// <param name="time">When its certificates begin; null: it issues none.</param>
    public FakeIssuer(TimeProvider? time = null) => _issuer = time is null ? null : new DevelopmentIssuer(Sealer, time);

    /// <summary>Name and attempt.</summary>
    public ConcurrentQueue<(string Name, int Attempt)> Asked { get; } = [];

    public Func<IChallengeBoard, CancellationToken, Task> First { get; set; } = (_, _) => Task.CompletedTask;

    public async Task<IssuedCertificate> IssueAsync(string name, int attempt, IChallengeBoard board, CancellationToken cancellationToken)
    {
        Asked.Enqueue((name, attempt));
        await First(board, cancellationToken);
        return await _issuer!.IssueAsync(name, attempt, board, cancellationToken);
    }
}
