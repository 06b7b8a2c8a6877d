using Hypeman.Bench.Reports;

namespace Hypeman.Bench.Ingress;

/// <summary>
/// The same small page of the same backend, asked for in turn: directly, through our ingress, through caddy, through nginx; with one
/// hostname and with very many.
/// </summary>
internal sealed class IngressBenchmark(int runs, int seconds, int routes)
{
    private const int Few = 1, Many = 64, WarmUpSeconds = 15;

    private static readonly (string Name, int Port)[] Asked =
        [("direct", Proxies.Backend), ("ours", Proxies.Ours), ("caddy", Proxies.Caddy), ("nginx", Proxies.Nginx)];

    private readonly Dictionary<(string Name, int Connections, bool IsLarge), List<Load>> _loads = [];

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await MeasureAsync(1, [Few, Many], cancellationToken);
        await MeasureAsync(routes, [Many], cancellationToken);
        Show();
        return 0;
    }

    private async Task MeasureAsync(int table, int[] connections, CancellationToken cancellationToken)
    {
        await using var proxies = new Proxies(isTls: false);
        await proxies.StartAsync(table, cancellationToken);
        var script = table == 1 ? null : proxies.Write("hosts.lua", $"""
            request = function()
              wrk.headers["Host"] = "h" .. math.random(0, {table - 1}) .. ".bench.example"
              return wrk.format()
            end
            """);
        // Whoever compiles what is used most while it runs has done so then.
        foreach (var (_, port) in Asked)
            await Load.RunAsync(Proxies.Url(port), Many, WarmUpSeconds, script, cancellationToken);
        for (var run = 1; run <= runs; run++)
            foreach (var count in connections)
                foreach (var (name, port) in Asked)
                {
                    var load = await Load.RunAsync(Proxies.Url(port), count, seconds, script, cancellationToken);
                    Loads(name, count, table > 1).Add(load);
                    await Console.Error.WriteLineAsync(
                        $"run {run} of {runs}, {table} hostnames, {count} connections, {name}: {Figures.Text(load.PerSecond)} requests/s, "
                        + $"99 % within {Figures.Text(load.P99)} ms, {load.Failed} failed");
                }
    }

    private List<Load> Loads(string name, int connections, bool isLarge)
    {
        if (!_loads.TryGetValue((name, connections, isLarge), out var loads))
            _loads[(name, connections, isLarge)] = loads = [];
        return loads;
    }

    private void Show()
    {
        Report.Table(
            "Requests a second: median (min to max)", ["through", "1 connection", "64 connections", "99 % within, ms", $"64, {routes} hostnames"],
            Asked.Select(asked => (string[])
            [
                asked.Name, Rates(asked.Name, Few, false).ToString(), Rates(asked.Name, Many, false).ToString(),
                Figures.Text(P99(asked.Name)), Rates(asked.Name, Many, true).ToString(),
            ]));
        var ours = Rates("ours", Many, false).Median;
        Report.Line(
            ("caddy_ratio", ours / Rates("caddy", Many, false).Median), ("nginx_ratio", ours / Rates("nginx", Many, false).Median),
            ("p99_ms", P99("ours")), ("caddy_p99_ms", P99("caddy")), ("many_routes_ratio", Rates("ours", Many, true).Median / ours),
            ("direct_ratio", ours / Rates("direct", Many, false).Median), ("failed", _loads.Values.Sum(loads => loads.Sum(load => load.Failed))),
            ("runs", runs));
    }

    private Figures Rates(string name, int connections, bool isLarge) =>
        new([.. Loads(name, connections, isLarge).Select(load => load.PerSecond)]);

    private double P99(string name) => new Figures([.. Loads(name, Many, false).Select(load => load.P99)]).Median;
}
