using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Grains.Instances;
using Hypeman.Grains.Records;
using Hypeman.Tests.Grains.Clusters;

namespace Hypeman.Tests.Grains.Instances;

/// <summary>Records that cannot be written, and records that others wrote.</summary>
public sealed class InstanceStorageTests
{
    [Fact]
    public async Task A_write_that_failed_changes_nothing()
    {
        await using var fleet = await TestFleet.StartAsync();
        var (instance, id) = await RunningAsync(fleet);

        fleet.Storage.FailBeforeNextWrite();
        var error = await Assert.ThrowsAsync<HypemanException>(() => instance.StopAsync());

        Assert.Equal((ErrorKind.Unavailable, "unavailable"), (error.Kind, error.Code));
        await fleet.RestsAsync(id, InstancePhase.Running);
        await instance.StopAsync();
        await fleet.RestsAsync(id, InstancePhase.Stopped);
    }

    [Fact]
    public async Task A_write_whose_answer_was_lost_is_found_and_carried_out()
    {
        await using var fleet = await TestFleet.StartAsync();
        var (instance, id) = await RunningAsync(fleet);

        fleet.Storage.FailAfterNextWrite();
        await Assert.ThrowsAsync<HypemanException>(() => instance.StopAsync());

        await fleet.RestsAsync(id, InstancePhase.Stopped);
    }

    [Fact]
    public async Task A_create_whose_record_cannot_be_written_frees_the_name()
    {
        await using var fleet = await TestFleet.StartAsync();
        // The image's record is written before the instance's.
        await RunningAsync(fleet);
        fleet.Storage.FailBeforeNextWrite();

        await Assert.ThrowsAsync<HypemanException>(() => fleet.CreateAsync(Some.Spec("unlucky")));

        await Testing.Until.True(
            async () => (await fleet.Index.FindAsync(ResourceKind.Instance, "unlucky", allowPrefix: false)).Count == 0,
            TestFleet.Patience, "the name is free again");
        await fleet.CreateAsync(Some.Spec("unlucky"));
    }

    [Fact]
    public void A_record_of_the_first_version_can_be_read()
    {
        var json = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Instances", "Golden", "instance-state-1.json"));

        var state = System.Text.Json.JsonSerializer.Deserialize<Stored<InstanceState>>(json)!.Value!.Upgraded();

        Assert.Equal(("abc", "web", InstanceIntent.Running), (state.Id, state.Spec.Name, state.Intent));
        Assert.Equal(ObservedPhase.Running, state.Observed.Phase);
        Assert.Equal(OperationKind.Stop, state.Operation?.Kind);
    }

    [Fact]
    public void A_record_of_a_later_version_is_refused()
    {
        var state = InstanceLifecycleTests.State("none", "Running") with { SchemaVersion = InstanceState.CurrentSchema + 1 };

        var error = Assert.Throws<InvalidOperationException>(() => state.Upgraded());

        Assert.Contains("shape 2", error.Message, StringComparison.Ordinal);
    }

    private static async Task<(IInstanceGrain, string)> RunningAsync(TestFleet fleet)
    {
        var instance = await fleet.CreateAsync();
        var id = (await instance.GetAsync()).Id;
        await fleet.RestsAsync(id, InstancePhase.Running);
        return (instance, id);
    }
}
