using System.Security.Cryptography;
using System.Text;
using Hypeman.Certificates.Sealing;

namespace Hypeman.Tests.Certificates.Sealing;

/// <summary>Secrets that lie where others read along.</summary>
public sealed class SecretSealerTests
{
    private static readonly SecretSealer Sealer = new(Key('a'));

    [Fact]
    public void What_was_sealed_is_opened_by_whoever_has_the_key_and_knows_what_it_is_about()
    {
        var text = Sealer.Seal("secret"u8, "web.example.com");

        Assert.Equal("secret"u8.ToArray(), new SecretSealer(Key('a')).Open(text, "web.example.com"));
        Assert.DoesNotContain("secret", Encoding.Latin1.GetString(text), StringComparison.Ordinal);
        Assert.NotEqual(text, Sealer.Seal("secret"u8, "web.example.com"));
    }

    [Fact]
    public void It_cannot_be_passed_off_as_being_about_something_else() =>
        Assert.ThrowsAny<CryptographicException>(() => Sealer.Open(Sealer.Seal("secret"u8, "a.example.com"), "b.example.com"));

    [Fact]
    public void Another_key_does_not_open_it_and_says_so()
    {
        var error = Assert.Throws<CryptographicException>(() => new SecretSealer(Key('b')).Open(Sealer.Seal("secret"u8, "a"), "a"));

        Assert.Contains("another key", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_is_changed_of_it_or_cut_off_it_does_not_open()
    {
        var text = Sealer.Seal("secret"u8, "a");

        for (var at = 0; at < text.Length; at++)
        {
            var changed = text.ToArray();
            changed[at] ^= 1;
            Assert.ThrowsAny<CryptographicException>(() => Sealer.Open(changed, "a"));
            Assert.ThrowsAny<CryptographicException>(() => Sealer.Open(text.AsSpan(0, at), "a"));
        }
    }

    [Fact]
    public void A_signing_key_follows_from_the_fleets_key_and_its_purpose()
    {
        using var key = Sealer.SigningKey("one");
        using var again = new SecretSealer(Key('a')).SigningKey("one");
        using var other = Sealer.SigningKey("two");

        Assert.Equal(key.ExportSubjectPublicKeyInfo(), again.ExportSubjectPublicKeyInfo());
        Assert.NotEqual(key.ExportSubjectPublicKeyInfo(), other.ExportSubjectPublicKeyInfo());
        Assert.True(again.VerifyData("text"u8, key.SignData("text"u8, HashAlgorithmName.SHA256), HashAlgorithmName.SHA256));
    }

    private static byte[] Key(char letter) => Encoding.ASCII.GetBytes(new string(letter, SecretSealer.KeyLength));
}
