using Hypeman.NodeRuntime.Linux;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Networks;

/// <summary>
/// Lets the host route, on the two devices that need it and no other. What we switched on we switch off again with the
/// last node of the host; an empty table in the host's rules remembers it, as it lives exactly as long as the switch.
/// </summary>
internal sealed class HostForwarding(NetworkNamespace host, ILogger log)
{
    private const string MarkerPrefix = "hypeman_routes_";

    /// <param name="outside">The device through which answers come in.</param>
    internal async Task EnableAsync(string device, string? outside, CancellationToken cancellationToken)
    {
        await host.RunAsync(() => Sysctl.Set(SwitchOf(device), "1"));
        if (outside is null || await host.RunAsync(() => Sysctl.Read(SwitchOf(outside))) == "1")
            return;
        await Nft.ApplyAsync(host, $"add table ip {MarkerPrefix}{outside}\n", cancellationToken);
        await host.RunAsync(() => Sysctl.Set(SwitchOf(outside), "1"));
        log.LogInformation("This host now routes IPv4 between {Outside} and its VMs", outside);
    }

    internal async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        var tables = (await Nft.ListTablesAsync(host, cancellationToken)).Select(table => table.Split(' ')[1]).ToList();
        if (tables.Any(table => table.StartsWith(NetworkNames.HostTablePrefix, StringComparison.Ordinal)))
            return;
        foreach (var marker in tables.Where(table => table.StartsWith(MarkerPrefix, StringComparison.Ordinal)))
        {
            await host.RunAsync(() => Sysctl.SetIfThere(SwitchOf(marker[MarkerPrefix.Length..]), "0"));
            await Nft.ApplyAsync(host, $"delete table ip {marker}\n", cancellationToken);
        }
    }

    private static string SwitchOf(string device) => $"net/ipv4/conf/{device}/forwarding";
}
