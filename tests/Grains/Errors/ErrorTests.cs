using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Grains.Errors;
using Hypeman.NodeRuntime.Errors;
using Hypeman.Tests.Grains.Clusters;

namespace Hypeman.Tests.Grains.Errors;

public sealed class ErrorTests(FleetFixture fixture) : IClassFixture<FleetFixture>
{
    [Fact]
    public void Every_refusal_of_a_node_has_its_words()
    {
        foreach (var kind in Enum.GetValues<NodeErrorKind>())
        {
            var error = new NodeException(kind, "what went wrong", "for the log").ToHypeman();

            Assert.Equal(("what went wrong", "for the log"), (error.Message, error.Detail));
            Assert.NotEmpty(error.Code);
        }
        Assert.Equal(ErrorKind.RateLimited, new NodeException(NodeErrorKind.RateLimited, "").ToHypeman().Kind);
    }

    [Fact]
    public async Task A_bug_is_answered_without_its_text()
    {
        var fleet = fixture.Fleet;
        var instance = await fleet.CreateAsync();
        await fleet.RestsAsync((await instance.GetAsync()).Id, InstancePhase.Running);
        fleet.Node.Vms.Guest = _ => throw new InvalidOperationException("a secret");

        var stream = await Assert.ThrowsAsync<HypemanException>(async () =>
        {
            await foreach (var _ in instance.OpenGuestAsync("x", new GuestExec { Command = ["x"] }, CancellationToken.None))
                continue;
        });
        var call = await Assert.ThrowsAsync<HypemanException>(() => instance.StatAsync(null!, followLinks: false));

        Assert.Equal((ErrorKind.Internal, "internal error"), (stream.Kind, stream.Message));
        Assert.Equal((ErrorKind.Internal, "internal error"), (call.Kind, call.Message));
    }
}
