using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Nodes;
using Hypeman.Grains.Nodes;
using Hypeman.Tests.Grains.Clusters;

namespace Hypeman.Tests.Grains.Nodes;

public sealed class PlacementTests
{
    private static readonly NodeInfo Node = new()
    {
        Id = "a", Hostname = "a", Version = "1", Hypervisors = ["qemu", "qemu-microvm"], Accelerator = "tcg",
        Platform = "linux/amd64", Cpus = 2, MemoryBytes = 1L << 30, DiskBytes = 10L << 30,
    };

    public static TheoryData<InstanceSpec, ErrorKind, string> Refusals => new()
    {
        { Some.Spec() with { MemoryBytes = 2L << 30 }, ErrorKind.InsufficientResources, "insufficient memory" },
        { Some.Spec() with { OverlayBytes = 11L << 30 }, ErrorKind.InsufficientResources, "insufficient disk" },
        { Some.Spec() with { Hypervisor = "firecracker" }, ErrorKind.InvalidRequest, "use qemu, qemu-microvm" },
    };

    [Theory, MemberData(nameof(Refusals))]
    public void A_refusal_names_what_is_missing(InstanceSpec spec, ErrorKind kind, string words)
    {
        var error = Assert.Throws<HypemanException>(() => PlacementDecision.Candidates([Node], spec, "linux/amd64", "x"));

        Assert.Equal(kind, error.Kind);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_for_another_platform_is_refused()
    {
        var error = Assert.Throws<HypemanException>(
            () => PlacementDecision.Candidates([Node], Some.Spec(), "linux/arm64", "x"));

        Assert.Equal(ErrorKind.InvalidRequest, error.Kind);
    }

    [Fact]
    public void Instances_are_spread_over_the_nodes_that_fit()
    {
        NodeInfo[] nodes = [Node, Node with { Id = "b" }, Node with { Id = "small", MemoryBytes = 1 }];

        var first = Enumerable.Range(0, 100)
            .Select(at => PlacementDecision.Candidates(nodes, Some.Spec(), "linux/amd64", $"i{at}"))
            .GroupBy(order => order[0].Id).ToDictionary(group => group.Key, group => group.Count());

        Assert.Equal(["a", "b"], first.Keys.Order());
        Assert.All(first.Values, count => Assert.InRange(count, 25, 75));
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
}
