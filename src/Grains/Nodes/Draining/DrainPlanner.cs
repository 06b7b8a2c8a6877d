using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Nodes;
using Hypeman.Contracts.Snapshots;
using Hypeman.Grains.Instances;

namespace Hypeman.Grains.Nodes.Draining;

/// <summary>
/// What a drain would do, found out without doing it: by the same decisions, with the room that each move would take
/// counted as taken.
/// </summary>
internal sealed class DrainPlanner(NodeDirectory directory, NodeLoads loads, NodeContents contents, InstancePlacement placement)
{
    public async Task<DrainPlan> PlanAsync(string node, DrainRunning running)
    {
        var nodes = (await directory.AllAsync()).Where(other => other.Info.Id != node).ToList();
        var known = await loads.AskAsync(nodes.Where(other => other.IsUp).Select(other => other.Info.Id), imageDigest: null);
        var sketch = new Sketch(nodes, new Dictionary<string, NodeLoad>(known));
        foreach (var instance in await contents.InstancesAsync(node, CancellationToken.None))
        {
            var verdict = DrainDecision.Of(instance.Info, running);
            var companions = await placement.CompanionsAsync(instance.Spec.Placement?.SpreadGroup);
            sketch.Add(DrainKind.Instance, instance.Info.Id, instance.Info.Spec.Name, verdict, () => sketch.Choose(instance, verdict.Restart, companions));
        }
        foreach (var snapshot in await contents.SnapshotsAsync(node, CancellationToken.None))
            sketch.Add(DrainKind.Snapshot, snapshot.Id, DrainChoice.NameOf(snapshot), DrainDecision.Of(snapshot), () => sketch.Choose(snapshot));
        foreach (var image in await contents.ImagesAsync(node, CancellationToken.None))
            sketch.Add(DrainKind.Image, image.Name, image.Name, DrainDecision.Of(image), () => sketch.Choose(image));
        return new DrainPlan { Moves = sketch.Moves, Left = sketch.Left };
    }

    /// <summary>The fleet as it would be then.</summary>
    private sealed class Sketch(IReadOnlyList<KnownNode> nodes, Dictionary<string, NodeLoad> loads)
    {
        private readonly Dictionary<(string Group, string Node), int> _gone = [];

        public List<DrainMove> Moves { get; } = [];

        public List<DrainLeft> Left { get; } = [];

        public void Add(DrainKind kind, string id, string name, DrainVerdict verdict, Func<string> choose)
        {
            var reason = verdict.Reason;
            try
            {
                // What is waited for is taken to come to rest.
                if (reason is null)
                    Moves.Add(new DrainMove { Kind = kind, Id = id, Name = name, Target = choose(), Restart = verdict.Restart, Suspend = verdict.Suspend });
            }
            catch (HypemanException none)
            {
                reason = none.Message;
            }
            if (reason is not null)
                Left.Add(new DrainLeft { Kind = kind, Id = id, Name = name, Reason = reason });
        }

        public string Choose(LivingInstance instance, bool restart, IReadOnlyDictionary<string, int> companions)
        {
            var group = instance.Spec.Placement?.SpreadGroup ?? "";
            var demand = instance.DemandOf(restart);
            var candidates = PlacementDecision.Fitting(nodes, instance.Spec, instance.Info.Platform)
                .Select(node => new Candidate(
                    node, loads.GetValueOrDefault(node.Id), companions.GetValueOrDefault(node.Id) + _gone.GetValueOrDefault((group, node.Id))))
                .ToList();
            var best = PlacementDecision.Best(candidates, demand).FirstOrDefault() ?? throw PlacementDecision.Refusal(candidates, demand);
            var load = loads[best.Id];
            loads[best.Id] = load with
            {
                FreeMemoryBytes = load.FreeMemoryBytes - demand.MemoryBytes,
                FreeDiskBytes = load.FreeDiskBytes - demand.DiskBytes,
            };
            _gone[(group, best.Id)] = _gone.GetValueOrDefault((group, best.Id)) + 1;
            return best.Id;
        }

        public string Choose(SnapshotInfo snapshot) => PlacementDecision.Best(PlacementDecision.Fitting(nodes, snapshot), loads, snapshot).Id;

        public string Choose(ImageInfo image) => PlacementDecision.Best(PlacementDecision.Fitting(nodes, image), loads, image).Id;
    }
}
