using System.Net;

namespace Hypeman.NodeRuntime.Networks;

/// <summary>What a guest needs to be on the node's network; also what it is allowed to send from.</summary>
/// <param name="Mac">For example <c>02:00:00:1a:2b:3c</c>.</param>
public sealed record VmAddress(
    IPAddress Ip, string Mac, int PrefixLength, IPAddress Gateway, IReadOnlyList<IPAddress> DnsServers);

/// <summary>Rates in bytes per second as the VM sees them; zero means no limit.</summary>
public readonly record struct NicLimits(long DownloadBytesPerSecond, long UploadBytesPerSecond);

/// <summary>Bytes as the VM sees them, since its TAP was made.</summary>
public readonly record struct NicCounters(long ReceivedBytes, long SentBytes);
