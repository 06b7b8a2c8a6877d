using Hypeman.Bench.Reports;

namespace Hypeman.Bench.Ingress;

/// <summary>The same page over HTTPS, through our ingress, caddy and nginx in turn: over open connections, and each over a new one.</summary>
internal sealed class TlsBenchmark(int runs, int seconds)
{
    private const int Connections = 64, WarmUpSeconds = 10;

    private static readonly (string Name, int Port)[] Asked = [("ours", Proxies.Ours), ("caddy", Proxies.Caddy), ("nginx", Proxies.Nginx)];

    private readonly Dictionary<(string Name, string Kind), List<double>> _rates = [];
    private int _failed;

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await using var proxies = new Proxies(isTls: true);
        await proxies.StartAsync(routes: 1, cancellationToken);
        foreach (var (_, port) in Asked)
        {
            await Load.RunAsync(Proxies.Url(port, isTls: true), Connections, WarmUpSeconds, null, cancellationToken);
            await Handshakes.RunAsync(Proxies.Url(port, isTls: true), resumes: false, TimeSpan.FromSeconds(WarmUpSeconds), cancellationToken);
        }
        for (var run = 1; run <= runs; run++)
            foreach (var (name, port) in Asked)
                await MeasureAsync($"run {run} of {runs}, {name}", name, Proxies.Url(port, isTls: true), cancellationToken);
        Report.Table(
            "A second: median (min to max)", ["through", "requests, 64 connections", "new connections", "resumed ones"],
            Asked.Select(asked => (string[])
            [
                asked.Name, Rates(asked.Name, "open").ToString(), Rates(asked.Name, "new").ToString(), Rates(asked.Name, "resumed").ToString(),
            ]));
        Report.Line(
            ("tls_caddy_ratio", Ratio("caddy", "open")), ("tls_nginx_ratio", Ratio("nginx", "open")),
            ("new_caddy_ratio", Ratio("caddy", "new")), ("new_nginx_ratio", Ratio("nginx", "new")),
            ("resumed_caddy_ratio", Ratio("caddy", "resumed")), ("resumed_nginx_ratio", Ratio("nginx", "resumed")),
            ("failed", _failed), ("runs", runs));
        return 0;
    }

    private async Task MeasureAsync(string title, string name, Uri url, CancellationToken cancellationToken)
    {
        var load = await Load.RunAsync(url, Connections, seconds, null, cancellationToken);
        _failed += load.Failed;
        var anew = await Handshakes.RunAsync(url, resumes: false, TimeSpan.FromSeconds(seconds), cancellationToken);
        var resumed = await Handshakes.RunAsync(url, resumes: true, TimeSpan.FromSeconds(seconds), cancellationToken);
        foreach (var (kind, rate) in new[] { ("open", load.PerSecond), ("new", anew), ("resumed", resumed) })
        {
            if (!_rates.TryGetValue((name, kind), out var rates))
                _rates[(name, kind)] = rates = [];
            rates.Add(rate);
        }
        await Console.Error.WriteLineAsync(
            $"{title}: {Figures.Text(load.PerSecond)} requests/s, {Figures.Text(anew)} new and {Figures.Text(resumed)} resumed connections/s, "
            + $"{load.Failed} failed");
    }

    private Figures Rates(string name, string kind) => new([.. _rates[(name, kind)]]);

    private double Ratio(string peer, string kind) => Rates("ours", kind).Median / Rates(peer, kind).Median;
}
