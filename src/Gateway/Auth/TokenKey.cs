using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace Hypeman.Gateway.Auth;

/// <summary>The key that tokens are signed with: the bytes of the configured secret.</summary>
internal static class TokenKey
{
    /// <summary>
    /// HMAC fills a key shorter than its block (64 bytes for SHA-256) with zeros, so filling it here changes no
    /// signature; it lets secrets of any length pass the library's lower bound, as other tools sign with them.
    /// </summary>
    private const int BlockBytes = 64;

    public static SymmetricSecurityKey From(string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        if (bytes.Length < BlockBytes)
            Array.Resize(ref bytes, BlockBytes);
        return new SymmetricSecurityKey(bytes);
    }
}
