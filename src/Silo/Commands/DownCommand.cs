using Hypeman.Silo.Configuration;
using Hypeman.Silo.Server;

namespace Hypeman.Silo.Commands;

/// <summary>Ends the VMs of a data directory on which no server runs.</summary>
internal static class DownCommand
{
    public static async Task<int> RunAsync(HypemanOptions options, CancellationToken cancellationToken)
    {
        await HostNode.RemoveAllAsync(options, cancellationToken);
        return 0;
    }
}
