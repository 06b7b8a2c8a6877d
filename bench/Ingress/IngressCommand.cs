using System.CommandLine;

namespace Hypeman.Bench.Ingress;

internal static class IngressCommand
{
    public const string ServerName = "ingress-server";

    public static Command Create()
    {
        var runs = new Option<int>("--runs") { Description = "Runs of each kind.", DefaultValueFactory = _ => 3 };
        var seconds = new Option<int>("--seconds") { Description = "For each run.", DefaultValueFactory = _ => 4 };
        var routes = new Option<int>("--routes") { Description = "Hostnames of the large table.", DefaultValueFactory = _ => 10_000 };
        var tls = new Option<bool>("--tls") { Description = "Over HTTPS: pages over open connections, and new connections." };
        var command = new Command("ingress", "Asks the same backend for pages, directly and through each proxy.") { runs, seconds, routes, tls };
        command.SetAction((parsed, cancellationToken) => parsed.GetValue(tls)
            ? new TlsBenchmark(parsed.GetValue(runs), parsed.GetValue(seconds)).RunAsync(cancellationToken)
            : new IngressBenchmark(parsed.GetValue(runs), parsed.GetValue(seconds), parsed.GetValue(routes)).RunAsync(cancellationToken));
        return command;
    }

    /// <summary>What the benchmark starts as a process of its own.</summary>
    public static Command CreateServer()
    {
        var port = new Option<int>("--port") { Required = true };
        var backend = new Option<int>("--backend") { Required = true };
        var routes = new Option<int>("--routes") { Required = true };
        var data = new Option<string>("--data") { Required = true };
        var tls = new Option<bool>("--tls");
        var command = new Command(ServerName, "Our ingress alone.") { port, backend, routes, data, tls };
        command.Hidden = true;
        command.SetAction((parsed, cancellationToken) => IngressProcess.ServeAsync(
            parsed.GetValue(port), parsed.GetValue(backend), Hosts.Of(parsed.GetValue(routes), parsed.GetValue(tls)), parsed.GetValue(tls),
            parsed.GetValue(data)!, cancellationToken));
        return command;
    }
}
