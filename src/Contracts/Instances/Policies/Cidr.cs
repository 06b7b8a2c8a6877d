using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Hypeman.Contracts.Instances.Policies;

/// <summary>Networks in the notation of RFC 4632 and RFC 4291, for example <c>10.0.0.0/8</c> or <c>fd00::/8</c>.</summary>
public static class Cidr
{
    private const int BitsBeforeMapped = 96;

    /// <summary>Bits of the address behind the prefix are taken away; IPv4 that is written inside IPv6 is IPv4.</summary>
    public static bool TryParse(string text, out IPNetwork network, [NotNullWhen(false)] out string? problem)
    {
        network = default;
        problem = null;
        var slash = text.IndexOf('/');
        if (!IPAddress.TryParse(slash < 0 ? text : text[..slash], out var address) || address.ScopeIdOrZero() != 0)
            problem = $"\"{text}\" is no network; right is for example \"10.0.0.0/8\" or \"fd00::/8\"";
        else if (slash < 0)
            problem = $"\"{text}\" lacks the length of its prefix; for this one address it is \"{address}/{BitsOf(address)}\"";
        else if (!int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var bits) || bits > BitsOf(address))
            problem = $"\"{text}\" has no right prefix; its length is 0 to {BitsOf(address)}";
        else if (address.IsIPv4MappedToIPv6 && bits >= BitsBeforeMapped)
            network = Masked(address.MapToIPv4(), bits - BitsBeforeMapped);
        else
            network = Masked(address, bits);
        return problem is null;
    }

    private static IPNetwork Masked(IPAddress address, int bits)
    {
        var bytes = address.GetAddressBytes();
        for (var index = 0; index < bytes.Length; index++)
            bytes[index] &= (byte)(0xff << (8 - Math.Clamp(bits - index * 8, 0, 8)));
        return new IPNetwork(new IPAddress(bytes), bits);
    }

    private static int BitsOf(IPAddress address) => address.GetAddressBytes().Length * 8;

    private static long ScopeIdOrZero(this IPAddress address) =>
        address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? address.ScopeId : 0;
}
