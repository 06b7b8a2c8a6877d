using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Hypeman.Certificates.Sealing;

/// <summary>
/// Seals secrets with the key of the fleet, so that they can lie where others read along: AES-256-GCM. What is sealed about one
/// thing cannot be passed off as being about another.
/// </summary>
/// <remarks>A sealed secret is: one byte of version, four of the key's id, the nonce, the tag, then as many bytes as were sealed.</remarks>
public sealed class SecretSealer
{
    /// <summary>Of the fleet's key, in bytes.</summary>
    public const int KeyLength = 32;

    private const byte Version = 1;
    private const int IdLength = 4, NonceLength = 12, TagLength = 16;
    private const int HeadLength = 1 + IdLength + NonceLength + TagLength;

    /// <summary>The order of the curve P-256 (FIPS 186-4, D.1.2.3).</summary>
    private static readonly BigInteger CurveOrder = BigInteger.Parse(
        "0FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", System.Globalization.NumberStyles.HexNumber,
        System.Globalization.CultureInfo.InvariantCulture);

    private readonly byte[] _key;
    private readonly byte[] _id;

    /// <param name="key">The fleet's, of <see cref="KeyLength"/> random bytes.</param>
    public SecretSealer(byte[] key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyLength);
        _key = Derive("sealing", KeyLength, key);
        _id = Derive("id", IdLength, key);
        Fleet = key;
    }

    private byte[] Fleet { get; }

    /// <param name="secret">What nobody else is to read.</param>
    /// <param name="about">What it belongs to; asked for again when it is opened.</param>
    public byte[] Seal(ReadOnlySpan<byte> secret, string about)
    {
        var text = new byte[HeadLength + secret.Length];
        text[0] = Version;
        _id.CopyTo(text.AsSpan(1));
        var nonce = text.AsSpan(1 + IdLength, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(_key, TagLength);
        aes.Encrypt(nonce, secret, text.AsSpan(HeadLength), text.AsSpan(1 + IdLength + NonceLength, TagLength), Encoding.UTF8.GetBytes(about));
        return text;
    }

    /// <exception cref="CryptographicException">It was sealed with another key, about another thing, or was changed.</exception>
    public byte[] Open(ReadOnlySpan<byte> text, string about)
    {
        if (text.Length < HeadLength || text[0] != Version)
            throw new CryptographicException("This is no sealed secret, or one of a later version.");
        if (!text.Slice(1, IdLength).SequenceEqual(_id))
            throw new CryptographicException("The secret was sealed with another key than this fleet's.");
        var secret = new byte[text.Length - HeadLength];
        using var aes = new AesGcm(_key, TagLength);
        aes.Decrypt(
            text.Slice(1 + IdLength, NonceLength), text[HeadLength..], text.Slice(1 + IdLength + NonceLength, TagLength), secret,
            Encoding.UTF8.GetBytes(about));
        return secret;
    }

    /// <summary>
    /// A signing key that follows from the fleet's: the same in every process, and kept nowhere. The caller disposes it.
    /// </summary>
    /// <param name="purpose">Another purpose, another key.</param>
    public ECDsa SigningKey(string purpose)
    {
        // Eight bytes more than the order has, so that no value is likelier than another (FIPS 186-4, B.4.1).
        var number = new BigInteger(Derive($"signing {purpose}", 40, Fleet), isUnsigned: true, isBigEndian: true) % (CurveOrder - 1) + 1;
        var scalar = new byte[32];
        var digits = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        digits.CopyTo(scalar, scalar.Length - digits.Length);
        return ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = scalar });
    }

    private static byte[] Derive(string purpose, int length, byte[] key) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, length, info: Encoding.UTF8.GetBytes($"hypeman {purpose}"));
}
