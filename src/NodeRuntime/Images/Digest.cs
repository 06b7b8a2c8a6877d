using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Hypeman.NodeRuntime.Images;

/// <summary>
/// The SHA-256 of some bytes, which is also their name. Written <c>sha256:</c> and 64 lower-case hexadecimal digits;
/// the only algorithm that registries use in practice, so the only one here.
/// </summary>
public readonly record struct Digest
{
    public const string Prefix = "sha256:";
    private const int HexLength = 64;

    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    private Digest(string hex) => Hex = hex;

    /// <summary>The 64 digits without the prefix: a safe file name.</summary>
    public string Hex => field ?? throw new InvalidOperationException("This digest was never set.");

    public static Digest Of(ReadOnlySpan<byte> content) => FromHash(SHA256.HashData(content));

    public static Digest FromHash(ReadOnlySpan<byte> hash)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(hash.Length, SHA256.HashSizeInBytes);
        return new Digest(Convert.ToHexStringLower(hash));
    }

    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        var isDigest = text is not null && text.StartsWith(Prefix, StringComparison.Ordinal) && IsHex(text.AsSpan(Prefix.Length));
        digest = isDigest ? new Digest(text![Prefix.Length..]) : default;
        return isDigest;
    }

    /// <summary>Whether these are the digits of a digest without its prefix.</summary>
    public static bool IsHex(ReadOnlySpan<char> text) => text.Length == HexLength && !text.ContainsAnyExcept(LowerHex);

    /// <exception cref="FormatException">It is no digest; the message says what one looks like.</exception>
    public static Digest Parse(string text) => TryParse(text, out var digest)
        ? digest
        : throw new FormatException($"'{text}' is no digest: 'sha256:' and 64 lower-case hexadecimal digits are expected");

    public override string ToString() => Prefix + Hex;
}
