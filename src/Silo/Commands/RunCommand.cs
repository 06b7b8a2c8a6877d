using Hypeman.Silo.Configuration;
using Hypeman.Silo.Server;

namespace Hypeman.Silo.Commands;

/// <summary>Runs the server until the process is asked to end.</summary>
internal static class RunCommand
{
    public static async Task<int> RunAsync(SettingsResult read, TextWriter output, CancellationToken cancellationToken)
    {
        await using var server = await FleetServer.StartAsync(read.Options, read.Summary, HostNode.Add, cancellationToken);
        await output.WriteLineAsync(
            $"Ready: API and dashboard on {server.ApiAddress}, ingress on port {server.IngressPort}, data in {read.Options.DataDirectory}");
        await server.WaitForShutdownAsync(cancellationToken);
        return 0;
    }
}
