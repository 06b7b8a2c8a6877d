using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.NodeRuntime.Guest;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>What keeps a channel to an agent open.</summary>
public sealed class GuestLinkTests
{
    /// <summary>The channel ends a moment before the link does.</summary>
    private const int Tries = 300;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly NodeException Leaving = new(NodeErrorKind.WrongPhase, "we leave");

    [Fact]
    public async Task A_link_that_is_closed_does_not_reach_for_the_agent_again()
    {
        await using var agent = new FakeAgent((_, _) => { });
        for (var i = 1; i <= Tries; i++)
        {
            var answered = new TaskCompletionSource<GuestLink>(TaskCreationOptions.RunContinuationsAsynchronously);
            var link = new GuestLink(agent.Path, TimeProvider.System, wake: null, answered.SetResult);
            Assert.Same(link, await answered.Task.WaitAsync(Patience));

            await link.CloseAsync(Leaving);

            Assert.Equal(i, agent.Connections);
            var error = await Assert.ThrowsAsync<NodeException>(
                () => link.OpenAsync(new ExecRequest { Command = ["any"] }, CancellationToken.None));
            Assert.True(error.Kind is NodeErrorKind.WrongPhase or NodeErrorKind.Unavailable, error.Message);
        }
    }
}
