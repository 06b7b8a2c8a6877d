using Hypeman.NodeRuntime.Nodes;
using Hypeman.Silo.Configuration;
using Hypeman.Silo.Server;

namespace Hypeman.Silo.Commands;

/// <summary>Ends the server of a data directory, then its VMs and all that they hold on this host.</summary>
internal static class DownCommand
{
    public static async Task<int> RunAsync(HypemanOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        if (!File.Exists(new DataLayout(options.DataDirectory).NodeIdFile))
        {
            await output.WriteLineAsync($"There is no node in {options.DataDirectory}.");
            return 0;
        }
        if (await RunningServer.EndAsync(options.DataDirectory, TimeProvider.System, cancellationToken) is { } pid)
            await output.WriteLineAsync($"Ended the server (process {pid}).");

        using var claim = new NodeClaim(options.DataDirectory);
        var services = new ServiceCollection();
        services.AddLogging(log => log.AddSimpleConsole(o => o.SingleLine = true).SetMinimumLevel(LogLevel.Warning));
        HostNode.Add(services, new NodeSetup(claim, options));
        services.Configure<NodeRuntimeOptions>(o => o.HostNamespace = HostNamespace.Find(options.DataDirectory));
        await using (var provider = services.BuildServiceProvider())
            await provider.GetRequiredService<Node>().RemoveAllAsync(Limits.GuestGrace, cancellationToken);
        File.Delete(Path.Combine(options.DataDirectory, ServerFile.FileName));
        await output.WriteLineAsync($"All VMs of {options.DataDirectory} are ended; disks, images and records stay.");
        return 0;
    }
}
