using System.Diagnostics;
using Dapper;
using Hypeman.Bench.Reports;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Nodes;

namespace Hypeman.Bench.Fleet;

/// <summary>
/// One real cluster of silos on one real PostgreSQL, with simulated nodes below: filled by creates through the API, and
/// measured at each size from outside. What is simulated is QEMU and its host, nothing above.
/// </summary>
internal sealed class FleetBenchmark(FleetPlan plan)
{
    /// <summary>Longer than the pause between two rounds of a node's reconciler.</summary>
    private static readonly TimeSpan IdleWatch = TimeSpan.FromSeconds(32);
    private static readonly TimeSpan ColdStartLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(100);

    private const int Rounds = 300;
    private const int ColdGets = 1000;
    private const int CreateSample = 50;

    private readonly Random _random = new(1);
    private readonly List<string> _ids = [];

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        Say($"Starting {plan.Silos} silos with {plan.Nodes} simulated nodes");
        await using var fleet = await BenchFleet.StartAsync(plan, cancellationToken);
        var client = new FleetClient(fleet);
        await Until.True(() => client.IsReadyAsync(plan.Nodes, cancellationToken), ReadyLimit, "every silo sees all nodes");
        await client.PullAsync(cancellationToken);
        await Until.True(() => client.IsPulledAsync(cancellationToken), ReadyLimit, "the image is ready");
        var sizes = new List<SizeFigures>();
        foreach (var size in plan.Sizes)
            sizes.Add(await MeasureAsync(fleet, client, size, cancellationToken));
        var coldStart = await StartColdAsync(fleet, client, cancellationToken);
        FleetReport.Write(new FleetFigures(plan, sizes, coldStart, SimulationBytesPerInstance()));
        return 0;
    }

    private async Task<SizeFigures> MeasureAsync(BenchFleet fleet, FleetClient client, int size, CancellationToken cancellationToken)
    {
        var fill = await FillAsync(fleet, client, size - CreateSample, cancellationToken);
        if (size == plan.Sizes[0])
            foreach (var id in _ids.Take(FleetClient.Selected))
                await client.StopAsync(id, cancellationToken);
        Say($"{size} instances: measuring");
        var heap = await fleet.HeapBytesAsync(cancellationToken);
        var (get, tag, state, trip, create) = await TimeAsync(fleet, client, cancellationToken);
        var whole = await client.ListAllAsync(cancellationToken);
        Say($"{size} instances: watching the idle fleet for {IdleWatch.TotalSeconds:0} s");
        var (silos, postgres) = await WatchIdleAsync(fleet, cancellationToken);
        return new SizeFigures
        {
            Instances = size,
            Fill = fill,
            Get = get,
            ListByTag = tag,
            ListByState = state,
            Roundtrip = trip,
            CreateToRunning = create,
            WholeList = whole,
            HeapBytes = heap,
            ResidentBytes = fleet.ResidentBytes(),
            IdleSilos = silos,
            IdlePostgres = postgres,
        };
    }

    private async Task<FillFigures> FillAsync(BenchFleet fleet, FleetClient client, int size, CancellationToken cancellationToken)
    {
        var first = _ids.Count;
        var made = new string[size - first];
        var next = -1;
        var (commits, wal) = await WrittenAsync(fleet, cancellationToken);
        var (silos, postgres, own) = (fleet.SiloCpuSeconds(), fleet.PostgresCpuSeconds(), ProcessFigures.CpuSeconds(Environment.ProcessId));
        var clock = Stopwatch.StartNew();
        var answers = await Task.WhenAll(Enumerable.Range(0, plan.Clients).Select(_ => Task.Run(async () =>
        {
            var took = new List<double>();
            for (int at; (at = Interlocked.Increment(ref next)) < made.Length;)
            {
                var begun = clock.Elapsed;
                made[at] = await client.CreateAsync(first + at, cancellationToken);
                took.Add((clock.Elapsed - begun).TotalMilliseconds);
                if ((first + at) % 5000 == 0)
                    Say($"{first + at} of {plan.Instances} instances, {at / clock.Elapsed.TotalSeconds:0} creates/s");
            }
            return took;
        }, cancellationToken)));
        var seconds = clock.Elapsed.TotalSeconds;
        var (commitsAfter, walAfter) = await WrittenAsync(fleet, cancellationToken);
        _ids.AddRange(made);
        return new FillFigures
        {
            Creates = made.Length,
            Seconds = seconds,
            Answers = new Figures([.. answers.SelectMany(took => took)]),
            SiloCpuSeconds = fleet.SiloCpuSeconds() - silos,
            PostgresCpuSeconds = fleet.PostgresCpuSeconds() - postgres,
            ClientCpuSeconds = ProcessFigures.CpuSeconds(Environment.ProcessId) - own,
            Commits = commitsAfter - commits,
            WalBytes = walAfter - wal,
        };
    }

    private async Task<(Figures Get, Figures Tag, Figures State, Figures Trip, Figures Create)> TimeAsync(
        BenchFleet fleet, FleetClient client, CancellationToken cancellationToken)
    {
        var (get, tag, state, trip, create) = (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>());
        await using var connection = await fleet.ConnectAsync(cancellationToken);
        var many = _ids.Count;
        for (var round = 0; round < Rounds; round++)
        {
            await TimeAsync(get, () => client.GetAsync(_ids[_random.Next(many)], cancellationToken));
            await TimeAsync(trip, () => connection.ExecuteAsync("SELECT 1"));
            await TimeAsync(tag, () => client.ListByTagAsync(_random.Next(many - FleetClient.Selected), cancellationToken));
            await TimeAsync(get, () => client.GetAsync(_ids[_random.Next(many)], cancellationToken));
            await TimeAsync(state, () => client.ListByStateAsync(cancellationToken));
            if (round % (Rounds / CreateSample) == 0)
                await TimeAsync(create, () => client.CreateToRunningAsync(_ids.Count, _ids.Add, cancellationToken));
        }
        return (new Figures(get), new Figures(tag), new Figures(state), new Figures(trip), new Figures(create));
    }

    private static async Task TimeAsync(List<double> times, Func<Task> call)
    {
        var clock = Stopwatch.StartNew();
        await call();
        times.Add(clock.Elapsed.TotalMilliseconds);
    }

    private static async Task<(double Silos, double Postgres)> WatchIdleAsync(BenchFleet fleet, CancellationToken cancellationToken)
    {
        var (silos, postgres, clock) = (fleet.SiloCpuSeconds(), fleet.PostgresCpuSeconds(), Stopwatch.StartNew());
        await Task.Delay(IdleWatch, TimeProvider.System, cancellationToken);
        var seconds = clock.Elapsed.TotalSeconds;
        return ((fleet.SiloCpuSeconds() - silos) / seconds, (fleet.PostgresCpuSeconds() - postgres) / seconds);
    }

    private async Task<ColdStart> StartColdAsync(BenchFleet fleet, FleetClient client, CancellationToken cancellationToken)
    {
        Say("Killing all silos and starting them again");
        await fleet.KillSilosAsync();
        var clock = Stopwatch.StartNew();
        await fleet.StartSilosAsync(cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ColdStartLimit);
        var answered = await Task.WhenAll(Enumerable.Range(0, ColdGets).Select(_ => _ids[_random.Next(_ids.Count)]).Select(async id =>
        {
            try
            {
                while (!await client.IsAnsweredAsync(id, limit.Token))
                    await Task.Delay(RetryPause, TimeProvider.System, limit.Token);
                return clock.Elapsed.TotalSeconds;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return double.PositiveInfinity;
            }
        }));
        var seconds = new Figures(answered);
        return new ColdStart(seconds.Min, seconds.At(0.95));
    }

    private static async Task<(long Commits, long WalBytes)> WrittenAsync(BenchFleet fleet, CancellationToken cancellationToken) =>
        (await fleet.AskAsync<long>("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()", cancellationToken),
        await fleet.AskAsync<long>("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint", cancellationToken));

    /// <summary>What a simulated node itself holds for a VM, which a real one has on its disk and in QEMU.</summary>
    private static double SimulationBytesPerInstance()
    {
        const int count = 10_000;
        using var node = new SimulatedNode("size");
        var root = node.Images.Publish(SimulatedHosts.Image).ManifestDigest;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var at = 0; at < count; at++)
            node.Vms.Plant(new VmStatus
            {
                Id = $"{at}-{root[..16]}",
                Epoch = 1,
                Boot = 1,
                Phase = VmPhase.Running,
                HasRun = true,
                Ip = $"10.0.{at}",
                Mac = "02",
            });
        var after = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(node);
        return (double)(after - before) / count;
    }

    private static void Say(string text) => Console.Error.WriteLine(text);
}
