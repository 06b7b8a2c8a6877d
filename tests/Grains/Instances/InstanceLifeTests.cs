using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Tests.Grains.Clusters;

namespace Hypeman.Tests.Grains.Instances;

/// <summary>One instance through its life, on a fleet where nothing goes wrong.</summary>
public sealed class InstanceLifeTests(FleetFixture fixture) : IClassFixture<FleetFixture>
{
    private TestFleet Fleet => fixture.Fleet;

    [Fact]
    public async Task A_created_instance_becomes_running()
    {
        var created = await Fleet.Grains.InstanceFactory().CreateAsync(Some.Spec("first"));

        var info = await Fleet.RestsAsync(created.Id, InstancePhase.Running);

        Assert.Equal("first", info.Spec.Name);
        Assert.Equal("node-0", info.Home);
        Assert.StartsWith("10.100.", info.Ip, StringComparison.Ordinal);
        Assert.Null(info.StateError);
        Assert.Equal("Running", (await Fleet.Index.GetAsync(ResourceKind.Instance, created.Id))?.State);
    }

    [Fact]
    public async Task Stop_and_start_keep_the_instance()
    {
        var instance = await Fleet.CreateAsync();
        var id = (await instance.GetAsync()).Id;
        await Fleet.RestsAsync(id, InstancePhase.Running);

        await instance.StopAsync();
        var stopped = await Fleet.RestsAsync(id, InstancePhase.Stopped);
        await instance.StartAsync(new InstanceStartSpec { Cmd = ["--again"] });
        var again = await Fleet.RestsAsync(id, InstancePhase.Running);

        Assert.Equal(143, stopped.ExitCode);
        Assert.NotNull(stopped.StoppedAt);
        Assert.Null(again.ExitCode);
        Assert.Equal(["--again"], again.Spec.Cmd);
        Assert.Equal(stopped.Ip, again.Ip);
        Assert.Contains("running", again.PhaseDurationsMs.Keys);
    }

    [Fact]
    public async Task A_deleted_instance_leaves_nothing()
    {
        var instance = await Fleet.CreateAsync(Some.Spec("short-lived"));
        var id = (await instance.GetAsync()).Id;
        await Fleet.RestsAsync(id, InstancePhase.Running);

        await instance.DeleteAsync(graceful: true);

        await Fleet.IsGoneAsync(id);
        var error = await Assert.ThrowsAsync<HypemanException>(() => instance.GetAsync());
        Assert.Equal(ErrorKind.NotFound, error.Kind);
        await Fleet.CreateAsync(Some.Spec("short-lived"));
    }

    [Fact]
    public async Task A_program_that_ends_leaves_a_stopped_instance_with_its_exit()
    {
        var instance = await Fleet.CreateAsync();
        var id = (await instance.GetAsync()).Id;
        await Fleet.RestsAsync(id, InstancePhase.Running);

        Fleet.Node.Vms.Exit(id, 3);

        var info = await Fleet.RestsAsync(id, InstancePhase.Stopped);
        Assert.Equal((3, "exit code 3"), (info.ExitCode, info.ExitMessage));
    }

    [Fact]
    public async Task Of_parallel_creates_with_one_name_one_wins()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            try
            {
                await Fleet.CreateAsync(Some.Spec("wanted"));
                return "made";
            }
            catch (HypemanException refused)
            {
                return refused.Code;
            }
        }));

        Assert.Equal(1, outcomes.Count(outcome => outcome == "made"));
        Assert.Equal(7, outcomes.Count(outcome => outcome == "name_conflict"));
    }
}
