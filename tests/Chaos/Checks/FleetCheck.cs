using System.Text.Json;
using Hypeman.Tests.Chaos.Workload;
using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.Chaos.Checks;

/// <summary>
/// What must hold once a fleet has come to rest: every node is ready; what was acknowledged is so; every instance has one
/// home and, when it runs, one VM there that answers; no VM, no directory and no name is left of what is gone.
/// </summary>
internal sealed class FleetCheck(ManyHosts fleet, IReadOnlyList<Anchor> anchors, IReadOnlyList<User> users)
{
    private IReadOnlyDictionary<string, Seen> _seen = new Dictionary<string, Seen>();

    /// <summary>Instances and VMs at the last look.</summary>
    public (int Instances, int Vms) Counts { get; private set; }

    /// <summary>What does not hold (yet); empty when all is well.</summary>
    public async Task<IReadOnlyList<string>> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            var wrong = new List<string>(await NodesAsync(cancellationToken));
            _seen = await ListAsync(cancellationToken);
            wrong.AddRange(KnownOnes());
            wrong.AddRange(Vms());
            wrong.AddRange(Folders());
            if (wrong.Count == 0)
                wrong.AddRange(await GuestsAsync(cancellationToken));
            return wrong;
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return [error.Message];
        }
    }

    /// <summary>After a look at which all was well: what was not acknowledged is known now.</summary>
    public void Learn()
    {
        foreach (var instance in users.SelectMany(user => user.Instances))
            instance.Seen(Find(instance) is { } seen ? seen.Outcome : Outcomes.Gone);
    }

    private async Task<IEnumerable<string>> NodesAsync(CancellationToken cancellationToken)
    {
        var nodes = await fleet.Api("c1").GetAsync("/nodes", cancellationToken);
        return from node in nodes.EnumerateArray()
               where node.GetProperty("state").GetString() != "ready"
               select $"node {node.GetProperty("hostname")} is {node.GetProperty("state")}";
    }

    private async Task<IReadOnlyDictionary<string, Seen>> ListAsync(CancellationToken cancellationToken)
    {
        var list = await fleet.Api("c2").GetAsync("/instances", cancellationToken);
        return list.EnumerateArray().Select(Seen.Of).ToDictionary(seen => seen.Id);
    }

    private IEnumerable<string> KnownOnes()
    {
        var ours = users.SelectMany(user => user.Instances).ToList();
        foreach (var instance in ours)
        {
            var seen = Find(instance);
            var outcome = seen?.Outcome ?? Outcomes.Gone;
            // A VM may end for a reason that the instance tells.
            var isExplained = outcome is Outcomes.Stopped or Outcomes.Standby && instance.Outcomes.HasFlag(Outcomes.Running)
                && seen!.Error is { Length: > 0 };
            if (outcome == Outcomes.None || !(instance.Outcomes.HasFlag(outcome) || isExplained))
                yield return $"{instance.Name} ({seen?.Id}) is {seen?.State ?? "gone"} ({seen?.Error}), should be {instance.Outcomes}";
        }
        foreach (var anchor in anchors)
            if (!_seen.TryGetValue(anchor.Id, out var seen) || seen.State != "Running")
                yield return $"the instance that nobody touches on {anchor.Member} is {seen?.State ?? "gone"}";
        var names = ours.Select(instance => instance.Name).ToHashSet();
        foreach (var stranger in _seen.Values.Where(seen => !names.Contains(seen.Name) && anchors.All(anchor => anchor.Id != seen.Id)))
            yield return $"{stranger.Name} ({stranger.Id}) is {stranger.State}, and nobody knows it";
    }

    private IEnumerable<string> Vms()
    {
        var vms = fleet.Nodes.SelectMany(member => VirtualMachines.List(fleet.DataOf(member)).Select(vm => (vm.Id, Member: member))).ToList();
        Counts = (_seen.Count, vms.Count);
        foreach (var (id, members) in vms.GroupBy(vm => vm.Id, vm => vm.Member).Select(group => (group.Key, group.ToList())))
            if (!_seen.TryGetValue(id, out var seen))
                yield return $"a VM of {id} on {string.Join(", ", members)}, an instance that does not exist";
            else if (members is not [var only] || fleet.NodeIdOf(only) != seen.Node)
                yield return $"VMs of {seen.Name} on {string.Join(", ", members)}; its node is {seen.Node}";
            else if (seen.State != "Running")
                yield return $"a VM of {seen.Name}, which is {seen.State}";
        foreach (var seen in _seen.Values.Where(seen => seen.State == "Running" && vms.All(vm => vm.Id != seen.Id)))
            yield return $"no VM of {seen.Name}, which is Running";
    }

    private IEnumerable<string> Folders() =>
        from member in fleet.Nodes
        let node = fleet.NodeIdOf(member)
        from folder in Directory.EnumerateDirectories(Path.Combine(fleet.DataOf(member), "vms"))
        let id = Path.GetFileName(folder)
        where !(_seen.TryGetValue(id, out var seen) && seen.Node == node)
        select $"{member} keeps a folder of {id}, which does not live there";

    private async Task<IEnumerable<string>> GuestsAsync(CancellationToken cancellationToken)
    {
        var wrong = new List<string>();
        foreach (var seen in _seen.Values.Where(seen => seen.State == "Running"))
        {
            using var answer = await fleet.Api("c1").SendAsync(HttpMethod.Get, $"/instances/{seen.Id}/stat?path=/", null, cancellationToken);
            if (!answer.IsSuccessStatusCode)
                wrong.Add($"the guest of {seen.Name} does not answer: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
        }
        return wrong;
    }

    private Seen? Find(KnownInstance instance) =>
        _seen.Values.FirstOrDefault(seen => instance.Id is { } id ? seen.Id == id : seen.Name == instance.Name);

    private sealed record Seen(string Id, string Name, string State, string Node, string? Error)
    {
        public Outcomes Outcome => State switch
        {
            "Running" => Outcomes.Running,
            "Stopped" => Outcomes.Stopped,
            "Standby" => Outcomes.Standby,
            _ => Outcomes.None,
        };

        public static Seen Of(JsonElement instance) => new(
            instance.GetProperty("id").GetString()!, instance.GetProperty("name").GetString()!, instance.GetProperty("state").GetString()!,
            instance.GetProperty("node").GetString()!, instance.TryGetProperty("state_error", out var error) ? error.GetString() : null);
    }
}
