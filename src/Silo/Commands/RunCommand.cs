using Hypeman.Silo.Configuration;
using Hypeman.Silo.Server;

namespace Hypeman.Silo.Commands;

/// <summary>Runs the server until the process is asked to end.</summary>
internal static class RunCommand
{
    public static async Task<int> RunAsync(SettingsResult read, TextWriter output, CancellationToken cancellationToken)
    {
        await using var server = await FleetServer.StartAsync(read.Options, read.Summary, HostNode.Add, cancellationToken);
        var api = server.ApiAddress is { } address ? $"API and dashboard on {address}, " : "";
        var ingress = server.IngressPort > 0 ? $"ingress on port {server.IngressPort}, " : "";
        await output.WriteLineAsync($"Ready: {api}{ingress}metrics on port {server.MetricsPort}, data in {read.Options.DataDirectory}");
        await server.WaitForShutdownAsync(cancellationToken);
        return 0;
    }
}
