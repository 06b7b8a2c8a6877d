using System.Collections.Concurrent;
using Hypeman.GuestProtocol.Channel;
using Hypeman.GuestProtocol.Framing;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.NodeRuntime.Guest;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>What a guest is told that stood still.</summary>
public sealed class GuestWakeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly GuestIdentity Other = new() { Hostname = "copy" };

    private readonly ConcurrentQueue<WakeMoment> _moments = [];
    private readonly ConcurrentQueue<WakeRequest> _requests = [];

    [Fact]
    public async Task One_that_is_who_it_was_is_told_time_and_random_numbers_with_the_hello_and_asked_nothing()
    {
        await using var agent = new FakeAgent((_, _) => { }, woken: _moments.Enqueue);

        await AnsweredAsync(agent, new GuestWake(TimeProvider.System, identity: null, _ => { }));

        var told = TimeSpan.FromTicks(_moments.Single().WallClock / 100);
        Assert.InRange(TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch - told, TimeSpan.Zero, Patience);
        Assert.NotEqual(new byte[WakeMoment.SeedBytes], _moments.Single().EntropySeed);
    }

    [Fact]
    public async Task A_copy_is_also_told_who_it_is()
    {
        await using var agent = new FakeAgent(Serve, woken: _moments.Enqueue);

        await AnsweredAsync(agent, new GuestWake(TimeProvider.System, Other, _ => { }));

        Assert.Equal(Other.Hostname, _requests.Single().Identity!.Hostname);
        Assert.NotEqual(_moments.Single().EntropySeed, _requests.Single().EntropySeed);
    }

    [Fact]
    public async Task One_that_could_not_take_it_in_with_the_hello_is_asked_to_and_says_why_it_cannot()
    {
        var notes = new ConcurrentQueue<string>();
        await using var agent = new FakeAgent(
            (_, stream) => stream.Send(new FailedReply("the clock does not move", null)), woken: _ => throw new IOException());

        await AnsweredAsync(agent, new GuestWake(TimeProvider.System, identity: null, notes.Enqueue));

        Assert.Contains("the clock does not move", notes.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_told_is_not_told_to_an_agent_that_was_restarted()
    {
        var wake = new GuestWake(TimeProvider.System, identity: null, _ => { });
        await using var agent = new FakeAgent(Serve, woken: _moments.Enqueue);

        await AnsweredAsync(agent, wake);
        await AnsweredAsync(agent, wake);

        Assert.Single(_moments);
        Assert.Empty(_requests);
    }

    private void Serve(GuestRequest request, AgentStream stream)
    {
        _requests.Enqueue((WakeRequest)request);
        stream.Send(new DoneReply());
    }

    private static async Task AnsweredAsync(FakeAgent agent, GuestWake wake)
    {
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var link = new GuestLink(agent.Path, TimeProvider.System, wake, _ => answered.SetResult());
        await answered.Task.WaitAsync(Patience);
    }
}
