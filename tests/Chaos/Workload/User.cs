using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.Chaos.Workload;

/// <summary>Somebody who makes, uses and deletes instances of their own, one call after the other, through any gateway.</summary>
internal sealed class User(string name, ManyHosts fleet, Caller caller, Situation situation, string image, Random random)
{
    private const int MostInstances = 2;
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(600);
    private static readonly string[] Shell = ["/bin/sh", "-c"];

    private readonly List<KnownInstance> _mine = [];
    private readonly IReadOnlyList<string> _gateways = [.. fleet.Controls, .. fleet.Nodes];
    private int _made;

    /// <summary>To be read only while the user rests.</summary>
    public IReadOnlyList<KnownInstance> Instances => _mine;

    public async Task RunAsync(Pause pause, CancellationToken cancellationToken)
    {
        while (true)
        {
            await pause.PassAsync(cancellationToken);
            _mine.RemoveAll(instance => instance.Outcomes == Outcomes.Gone);
            await ActAsync(cancellationToken);
            await Task.Delay(LongestPause * random.NextDouble(), situation.Time, cancellationToken);
        }
    }

    private async Task ActAsync(CancellationToken cancellationToken)
    {
        if (_mine.Count == 0 || (_mine.Count < MostInstances && random.Next(4) == 0))
        {
            await CreateAsync(cancellationToken);
            return;
        }
        var instance = _mine[random.Next(_mine.Count)];
        switch (random.Next(13))
        {
            case 10: await OrderAsync(HttpMethod.Post, instance, "/standby", Outcomes.Standby, cancellationToken); break;
            case 11 or 12: await OrderAsync(HttpMethod.Post, instance, "/restore", Outcomes.Running, cancellationToken); break;
            case 0 or 1: await OrderAsync(HttpMethod.Post, instance, "/stop", Outcomes.Stopped, cancellationToken); break;
            case 2 or 3: await OrderAsync(HttpMethod.Post, instance, "/start", Outcomes.Running, cancellationToken); break;
            case 4: await OrderAsync(HttpMethod.Delete, instance, "", Outcomes.Gone, cancellationToken); break;
            case 5: await CallAsync(HttpMethod.Get, "/instances?tags[chaos]=" + name, null, target: null, anyNode: false, cancellationToken); break;
            case 6: await LookInsideAsync(instance, cancellationToken); break;
            default: await LookAsync(instance, cancellationToken); break;
        }
    }

    private async Task CreateAsync(CancellationToken cancellationToken)
    {
        var instance = new KnownInstance($"{name}-{++_made}");
        _mine.Add(instance);
        var body = new
        {
            name = instance.Name, image, size = "128MB", overlay_size = "512MB", vcpus = 1,
            entrypoint = Shell, cmd = Enumerable.Repeat("exec sleep 1000000", 1), tags = new { chaos = name },
        };
        var call = await CallAsync(HttpMethod.Post, "/instances", body, target: null, anyNode: true, cancellationToken);
        instance.Ordered(call, Outcomes.Running);
        if (call.IsSuccess)
            Learn(instance, call);
    }

    private async Task OrderAsync(HttpMethod method, KnownInstance instance, string verb, Outcomes to, CancellationToken cancellationToken)
    {
        var call = await CallAsync(method, PathOf(instance) + verb, null, instance.Home, instance.Home is null, cancellationToken);
        MissIfLost(instance, call);
        instance.Ordered(call, to);
    }

    private async Task LookAsync(KnownInstance instance, CancellationToken cancellationToken)
    {
        var call = await CallAsync(HttpMethod.Get, PathOf(instance), null, instance.Home, instance.Home is null, cancellationToken);
        MissIfLost(instance, call);
        if (call.IsSuccess)
            Learn(instance, call);
    }

    // Answers only where its guest does.
    private async Task LookInsideAsync(KnownInstance instance, CancellationToken cancellationToken) => MissIfLost(instance, await CallAsync(
        HttpMethod.Get, PathOf(instance) + "/stat?path=/", null, instance.Home, instance.Home is null, cancellationToken));

    private Task<Call> CallAsync(
        HttpMethod method, string path, object? body, string? target, bool anyNode, CancellationToken cancellationToken) =>
        caller.SendAsync(method, path, body, _gateways[random.Next(_gateways.Count)], target, anyNode, cancellationToken);

    private void MissIfLost(KnownInstance instance, Call call)
    {
        if (call.Status == 404 && !instance.Outcomes.HasFlag(Outcomes.Gone))
            situation.Violated($"instance {instance.Name} is lost: {call}");
    }

    private void Learn(KnownInstance instance, Call call)
    {
        instance.Id = call.Body.GetProperty("id").GetString();
        var node = call.Body.GetProperty("node").GetString()!;
        instance.Home = fleet.Nodes.First(member => fleet.NodeIdOf(member) == node);
    }

    private static string PathOf(KnownInstance instance) => $"/instances/{instance.Id ?? instance.Name}";
}
