using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Nodes;
using Hypeman.Grains.Nodes;
using Hypeman.Tests.Grains.Clusters;

namespace Hypeman.Tests.Grains.Nodes;

public sealed class PlacementTests
{
    private const long Gib = 1L << 30;
    private static readonly NodeDemand Demand = new(1 * Gib, 4 * Gib);

    private static readonly NodeInfo Node = new()
    {
        Id = "a",
        Hostname = "host-a",
        Version = "1",
        Hypervisors = ["qemu", "qemu-microvm"],
        Accelerator = "tcg",
        Platform = "linux/amd64",
        Cpus = 2,
        MemoryBytes = 4 * Gib,
        DiskBytes = 10 * Gib,
        Labels = new Dictionary<string, string> { ["zone"] = "one" },
    };

    private static PlacementSpec InZone(string zone) => new() { Labels = new Dictionary<string, string> { ["zone"] = zone } };

    public static TheoryData<InstanceSpec, ErrorKind, string> Refusals => new()
    {
        { Some.Spec() with { Hypervisor = "firecracker" }, ErrorKind.InvalidRequest, "use qemu, qemu-microvm" },
        { Some.Spec() with { Placement = InZone("two") }, ErrorKind.InvalidRequest, "placement.labels: no node that takes instances has zone=two" },
        { Some.Spec() with { Placement = new() { Node = "none" } }, ErrorKind.InvalidRequest, "placement.node: there is no node 'none'" },
        { Some.Spec() with { Placement = new() { Node = "host-c" } }, ErrorKind.Conflict, "node 'host-c' takes no instances now, it is cordoned" },
    };

    [Theory, MemberData(nameof(Refusals))]
    public void A_refusal_names_what_is_missing(InstanceSpec spec, ErrorKind kind, string words)
    {
        KnownNode[] nodes = [Known(Node), Known(Node with { Id = "c", Hostname = "host-c" }, NodeCondition.Cordoned)];

        var error = Assert.Throws<HypemanException>(() => PlacementDecision.Fitting(nodes, spec, "linux/amd64"));

        Assert.Equal(kind, error.Kind);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_for_another_platform_is_refused()
    {
        var error = Assert.Throws<HypemanException>(() => PlacementDecision.Fitting([Known(Node)], Some.Spec(), "linux/arm64"));

        Assert.Equal(ErrorKind.InvalidRequest, error.Kind);
    }

    [Fact]
    public void Nodes_that_take_nothing_new_are_left_out_and_counted_when_none_is_left()
    {
        KnownNode[] closed =
        [
            Known(Node, NodeCondition.Cordoned), Known(Node, NodeCondition.Unreachable), Known(Node, NodeCondition.Removed),
            Known(Node, NodeCondition.Unreachable),
        ];

        Assert.Equal("b", Assert.Single(PlacementDecision.Fitting([.. closed, Known(Node with { Id = "b" })], Some.Spec(), "linux/amd64")).Id);
        var error = Assert.Throws<HypemanException>(() => PlacementDecision.Fitting(closed, Some.Spec(), "linux/amd64"));

        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.Contains("1 cordoned, 2 unreachable", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("host-a")]
    public void A_node_can_be_named_by_id_or_host_name(string name) => Assert.Equal(
        "a", Assert.Single(PlacementDecision.Fitting(
            [Known(Node), Known(Node with { Id = "b", Hostname = "host-b" })],
            Some.Spec() with { Placement = new() { Node = name } }, "linux/amd64")).Id);

    [Fact]
    public void The_emptiest_with_room_is_the_best() => Assert.Equal(["half", "full"], Best(
        On("full", new NodeLoad { FreeMemoryBytes = 1 * Gib, FreeDiskBytes = 9 * Gib, Instances = 3 }),
        On("half", new NodeLoad { FreeMemoryBytes = 2 * Gib, FreeDiskBytes = 9 * Gib, Instances = 2 }),
        On("no-disk", new NodeLoad { FreeMemoryBytes = 4 * Gib, FreeDiskBytes = 3 * Gib, Instances = 0 }),
        On("silent", null)));

    [Fact]
    public void An_image_that_is_there_makes_up_for_some_emptiness_but_not_for_much() => Assert.Equal(["empty", "has-it", "half"], Best(
        On("half", new NodeLoad { FreeMemoryBytes = 2 * Gib, FreeDiskBytes = 9 * Gib, Instances = 2 }),
        On("has-it", new NodeLoad { FreeMemoryBytes = 2 * Gib, FreeDiskBytes = 9 * Gib, Instances = 2, HasRoot = true }),
        On("empty", new NodeLoad { FreeMemoryBytes = 4 * Gib, FreeDiskBytes = 10 * Gib, Instances = 0 })));

    [Fact]
    public void Members_of_a_group_are_kept_apart_before_all_else() => Assert.Equal(["full", "empty"], Best(
        On("empty", new NodeLoad { FreeMemoryBytes = 4 * Gib, FreeDiskBytes = 10 * Gib, Instances = 1 }) with { Companions = 1 },
        On("full", new NodeLoad { FreeMemoryBytes = 1 * Gib, FreeDiskBytes = 4 * Gib, Instances = 3 })));

    [Fact]
    public void A_refusal_says_what_was_short_on_how_many_nodes_and_what_would_fit()
    {
        var refusal = PlacementDecision.Refusal(
            [
                On("a", new NodeLoad { FreeMemoryBytes = Gib / 2, FreeDiskBytes = 9 * Gib, Instances = 3 }),
                On("b", new NodeLoad { FreeMemoryBytes = Gib / 4, FreeDiskBytes = 1 * Gib, Instances = 3 }),
                On("c", null),
            ],
            Demand);

        Assert.Equal((ErrorKind.InsufficientResources, "insufficient_resources"), (refusal.Kind, refusal.Code));
        Assert.Equal(
            "insufficient memory: 1024 MiB requested, 2 nodes of 2 have less; at most 512 MiB are free, on host-a (a); "
            + "insufficient disk: 4096 MiB requested, 1 node of 2 has less; at most 9216 MiB are free, on host-a (a); 1 node did not answer",
            refusal.Message);
    }

    [Fact]
    public async Task Instances_are_spread_over_the_nodes()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 3);

        var made = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => fleet.Grains.InstanceFactory().CreateAsync(Some.Spec())));

        Assert.Equal(3, made.Select(instance => instance.Home).Distinct().Count());
    }

    [Fact]
    public async Task A_group_is_spread_and_a_named_node_is_taken()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 3);
        var apart = new List<InstanceInfo>();
        for (var at = 0; at < 3; at++)
            apart.Add(await fleet.Grains.InstanceFactory().CreateAsync(Some.Spec() with { Placement = new() { SpreadGroup = "db" } }));
        var named = await fleet.Grains.InstanceFactory().CreateAsync(Some.Spec() with { Placement = new() { Node = "node-2" } });

        Assert.Equal(["node-0", "node-1", "node-2"], apart.Select(instance => instance.Home).Order());
        Assert.Equal("node-2", named.Home);
    }

    [Fact]
    public async Task An_instance_lives_on_its_node_and_returns_to_it()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(
            _ => fleet.Grains.InstanceFactory().CreateAsync(Some.Spec())));
        foreach (var instance in made)
            await fleet.RestsAsync(instance.Id, InstancePhase.Running);

        await fleet.RestartSiloAsync(fleet.Node);

        foreach (var instance in made)
            Assert.Equal(instance.Home, (await fleet.RestsAsync(instance.Id, InstancePhase.Running)).Home);
        Assert.Equal(2, made.Select(instance => instance.Home).Distinct().Count());
    }

    [Fact]
    public async Task Parallel_creates_do_not_promise_the_same_memory_twice()
    {
        await using var fleet = await TestFleet.StartAsync(
            prepare: node => node.Facts = node.Facts with { MemoryBytes = 3 * Some.Spec().MemoryBytes + 1 });

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ =>
        {
            try
            {
                return (await fleet.Grains.InstanceFactory().CreateAsync(Some.Spec())).Id;
            }
            catch (HypemanException refused)
            {
                Assert.StartsWith("insufficient memory", refused.Message, StringComparison.Ordinal);
                return refused.Code;
            }
        }));

        Assert.Equal(3, outcomes.Count(outcome => outcome == "insufficient_resources"));
        var id = outcomes.First(outcome => outcome != "insufficient_resources");
        await fleet.RestsAsync(id, InstancePhase.Running);
        await fleet.Grains.Instance(id).StopAsync();
        await fleet.RestsAsync(id, InstancePhase.Stopped);
        await fleet.CreateAsync();
        var full = await Assert.ThrowsAsync<HypemanException>(() => fleet.Grains.Instance(id).StartAsync(new InstanceStartSpec()));
        Assert.Equal("insufficient_resources", full.Code);
        Assert.Equal(InstancePhase.Stopped, (await fleet.Grains.Instance(id).GetAsync()).Phase);
    }

    [Theory]
    [InlineData("vcpus")]
    [InlineData("size")]
    [InlineData("overlay_size")]
    [InlineData("name")]
    public void A_wish_beyond_the_limits_is_refused_by_its_field(string field)
    {
        var spec = field switch
        {
            "vcpus" => Some.Spec() with { Vcpus = 17 },
            "size" => Some.Spec() with { MemoryBytes = 1L << 30, HotplugBytes = long.MaxValue },
            "overlay_size" => Some.Spec() with { OverlayBytes = (100L << 30) + 1 },
            _ => Some.Spec() with { Name = "Web" },
        };

        var error = Assert.Throws<HypemanException>(() => new Hypeman.Grains.Instances.InstanceLimits().Check(spec));

        Assert.Equal("invalid_request", error.Code);
        Assert.StartsWith(field, error.Message, StringComparison.Ordinal);
    }

    private static KnownNode Known(NodeInfo node, NodeCondition condition = NodeCondition.Ready) => new(node, condition, Some.Time);

    private static Candidate On(string id, NodeLoad? load) => new(Node with { Id = id, Hostname = $"host-{id}" }, load, 0);

    private static IEnumerable<string> Best(params Candidate[] candidates) =>
        PlacementDecision.Best(candidates, Demand).Select(node => node.Id);
}
