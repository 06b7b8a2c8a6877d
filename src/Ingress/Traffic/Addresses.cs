using System.Net;

namespace Hypeman.Ingress.Traffic;

internal static class Addresses
{
    /// <summary>An IPv4 address that came in on a socket of both families is written as what it is.</summary>
    public static string Text(IPAddress address) => (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
}
