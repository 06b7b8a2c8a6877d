using System.CommandLine;
using Hypeman.Cli.Invocation;

namespace Hypeman.Cli.Settings;

internal static class HealthCommand
{
    public static Command Make(CliHost host) =>
        new Command("health", "Ask whether the fleet answers").Does(host, async (run, cancellationToken) =>
        {
            await run.Fleet.CheckHealthAsync(cancellationToken);
            run.Print.Line(run.Json ? """{"status": "ok"}""" : "ok");
        });
}
