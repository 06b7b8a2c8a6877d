using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Tests.Storage.Databases;

namespace Hypeman.Tests.Silo.Fleet;

public sealed class NodeIdentityTests(PostgresServer postgres)
{
    [Fact]
    public async Task A_copied_data_directory_is_refused_on_another_host_with_a_word_on_who_holds_it()
    {
        await using var fleet = await TestFleet.NewAsync(postgres);
        var first = await fleet.StartedAsync("control,node");
        var copy = fleet.Member("control,node", address: "127.0.0.2");
        Directory.CreateDirectory(copy.Data);
        File.Copy(new DataLayout(first.Data).NodeIdFile, new DataLayout(copy.Data).NodeIdFile);

        var refused = await Assert.ThrowsAsync<NodeException>(copy.StartAsync);

        Assert.Equal(NodeErrorKind.Fenced, refused.Kind);
        Assert.Contains("is held by", refused.Message, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_was_ended_may_come_back_on_another_address_once_it_counts_as_gone()
    {
        await using var fleet = await TestFleet.NewAsync(postgres);
        var first = await fleet.StartedAsync("control,node");
        var moved = fleet.Member("control,node", address: "127.0.0.2");
        Directory.CreateDirectory(moved.Data);
        File.Copy(new DataLayout(first.Data).NodeIdFile, new DataLayout(moved.Data).NodeIdFile);
        await first.StopAsync();

        await moved.StartAsync();
    }
}
