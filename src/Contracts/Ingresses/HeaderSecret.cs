using System.Security.Cryptography;
using System.Text;

namespace Hypeman.Contracts.Ingresses;

/// <summary>
/// A header that requests of a rule must carry, with a value that only its callers know: what is kept tells whether a value is
/// the one, and not what it is.
/// </summary>
[GenerateSerializer, Immutable, Alias("hypeman.header-secret")]
public sealed record HeaderSecret
{
    public const int ShortestValue = 32, LongestValue = 256;

    private const int SaltBytes = 16;

    [Id(0)] public required string Header { get; init; }
    [Id(1)] public required byte[] Salt { get; init; }

    /// <summary>SHA-256 of salt and value; long random values need nothing slower.</summary>
    [Id(2)] public required byte[] Digest { get; init; }

    public static HeaderSecret Of(string header, string value)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return new HeaderSecret { Header = header, Salt = salt, Digest = DigestOf(salt, value) };
    }

    /// <summary>Whether this is the value; takes as long when it is not.</summary>
    public bool Fits(string value) =>
        value.Length is >= ShortestValue and <= LongestValue && CryptographicOperations.FixedTimeEquals(Digest, DigestOf(Salt, value));

    private static byte[] DigestOf(byte[] salt, string value) => SHA256.HashData([.. salt, .. Encoding.UTF8.GetBytes(value)]);
}
