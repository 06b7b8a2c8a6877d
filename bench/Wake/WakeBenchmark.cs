using System.Diagnostics;
using System.Globalization;
using Hypeman.Bench.Boot;
using Hypeman.Bench.Guests;
using Hypeman.Bench.Reports;
using Hypeman.Client.Ingresses;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Bench.Wake;

/// <summary>
/// The same guest asleep, in turn: <c>POST restore</c> alone; the same and then a request, which shows what the guest itself takes for
/// its first answer; one request through the ingress that wakes it, until the first byte of the answer; a hundred requests at once, and as
/// many once it is awake, for its server keeps no more than nine callers waiting.
/// </summary>
internal sealed class WakeBenchmark(GuestBenchmarkOptions options)
{
    private const int Megabytes = 256, Port = 8080, Crowd = 100;
    private const string Host = "wake.bench";

    private static readonly Uri Ingress = new("http://127.0.0.1:80/");
    private static readonly string Server = $"mkdir /www; echo awake > /www/index.html; echo {FirstWord.Text}; exec httpd -f -p {Port} -h /www";

    private int _lost, _lostAwake, _mostWakes;

    public Task<int> RunAsync(CancellationToken cancellationToken) => options.RunAsync(async (guests, image, _, _) =>
    {
        var instance = await guests.RunAsync(image.Name, Megabytes, cancellationToken, Server);
        await guests.Client.Ingresses.CreateAsync(
            new CreateIngress("wake-bench", [new IngressRule(new IngressMatch(Host), new IngressTarget(instance.Name, Port))]), cancellationToken);
        var (restores, boths, ones) = (new List<double>(), new List<double>(), new List<double>());
        var (crowds, awake) = (new List<double>(), new List<double>());
        for (var run = 0; run <= options.Runs; run++)
        {
            var lost = 0;
            Task Restore() => guests.Client.Instances.RestoreAsync(instance.Id, cancellationToken);
            var restore = await AsleepAsync(guests, instance.Id, Restore, cancellationToken);
            var both = await AsleepAsync(guests, instance.Id, async () =>
            {
                await Restore();
                lost += await AskAsync(1, cancellationToken);
            }, cancellationToken);
            var one = await AsleepAsync(guests, instance.Id, async () => lost += await AskAsync(1, cancellationToken), cancellationToken);
            var crowd = await AsleepAsync(guests, instance.Id, async () => lost += await AskAsync(Crowd, cancellationToken), cancellationToken);
            var clock = Stopwatch.StartNew();
            var lostAwake = await AskAsync(Crowd, cancellationToken);
            if (run == 0)
                continue; // The first of each is thrown away.
            awake.Add(clock.Elapsed.TotalMilliseconds);
            (_lost, _lostAwake) = (_lost + lost, _lostAwake + lostAwake);
            restores.Add(restore);
            boths.Add(both);
            ones.Add(one);
            crowds.Add(crowd);
            await Console.Error.WriteLineAsync(
                $"run {run} of {options.Runs}: POST restore {Figures.Text(restore)} ms, with a request after it {Figures.Text(both)} ms, "
                + $"one request {Figures.Text(one)} ms, the last of {Crowd} {Figures.Text(crowd)} ms, when awake {Figures.Text(awake[^1])} ms");
        }
        Show(new Figures(restores), new Figures(boths), new Figures(ones), new Figures(crowds), new Figures(awake));
    }, cancellationToken);

    private void Show(Figures restore, Figures both, Figures one, Figures crowd, Figures awake)
    {
        Report.Table(
            "From standby, milliseconds: median (min to max)", ["what", "takes"],
            [
                ["POST restore, until the agent answers", restore.ToString()],
                ["the same, and then one request", both.ToString()],
                ["one request, until its answer begins", one.ToString()],
                [$"{Crowd.ToString(CultureInfo.InvariantCulture)} requests, until the last answer begins", crowd.ToString()],
                ["the same when it is awake", awake.ToString()],
            ]);
        Report.Line(
            ("overhead_ms", one.Median - restore.Median), ("wakes", _mostWakes), ("lost", _lost),
            ("first_answer_ms", both.Median - restore.Median), ("held_ms", one.Median - both.Median),
            ("crowd_overhead_ms", crowd.Median - awake.Median), ("lost_awake", _lostAwake), ("runs", options.Runs));
    }

    /// <summary>Puts the guest to sleep, and measures what has it run.</summary>
    private async Task<double> AsleepAsync(BenchGuests guests, string id, Func<Task> wake, CancellationToken cancellationToken)
    {
        await guests.Client.Instances.StandbyAsync(id, cancellationToken);
        var before = RestoresOf(guests, id);
        var clock = Stopwatch.StartNew();
        await wake();
        var took = clock.Elapsed.TotalMilliseconds;
        _mostWakes = Math.Max(_mostWakes, RestoresOf(guests, id) - before);
        return took;
    }

    /// <returns>How many were not answered.</returns>
    private static async Task<int> AskAsync(int callers, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var answers = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => AskAsync(client, cancellationToken)));
        return answers.Count(isAnswered => !isAnswered);
    }

    private static async Task<bool> AskAsync(HttpClient client, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Ingress) { Headers = { Host = Host } };
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return answer.IsSuccessStatusCode;
    }

    private static int RestoresOf(BenchGuests guests, string id) => VmLedger.Read(guests.Data.Vm(id).LedgerFile)!.Restores;
}
