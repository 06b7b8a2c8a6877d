using System.Net;
using Hypeman.NodeRuntime.Linux.Netlink;
using Hypeman.NodeRuntime.Networks;

namespace Hypeman.Tests.NodeRuntime.Networks;

/// <summary>What the kernel remembers of connections, read as when somebody last used a VM.</summary>
public sealed class FlowTableTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly IPAddress Vm = IPAddress.Parse("10.100.0.2");

    [Fact]
    public void An_open_connection_was_seen_now_and_one_that_has_ended_when_it_was_last_open()
    {
        var table = new FlowTable();

        var open = Look(table, Now, Flow(1, TrackedState.Established));
        var ended = Look(table, Now + Second, Flow(1, TrackedState.TimeWait));
        var later = Look(table, Now + 2 * Second, Flow(1, TrackedState.TimeWait));

        Assert.Equal((true, Now), (open.IsOpen, open.SeenAt));
        Assert.Equal((false, Now), (ended.IsOpen, ended.SeenAt));
        Assert.Equal((false, Now), (later.IsOpen, later.SeenAt));
    }

    [Fact]
    public void One_that_began_and_ended_between_two_looks_was_seen_at_the_second()
    {
        var table = new FlowTable();
        table.Take([], Now);

        var brief = Look(table, Now + Second, Flow(7, TrackedState.Close));

        Assert.Equal((false, Now + Second), (brief.IsOpen, brief.SeenAt));
    }

    [Fact]
    public void Of_one_that_had_ended_before_the_first_look_nothing_is_known()
    {
        var table = new FlowTable();

        var old = Look(table, Now, Flow(7, TrackedState.TimeWait));

        Assert.Equal(DateTimeOffset.MinValue, old.SeenAt);
    }

    [Theory]
    [InlineData("SynSent", true)]
    [InlineData("SynReceived", true)]
    [InlineData("SynSentByBoth", true)]
    [InlineData("Established", true)]
    [InlineData("FinWait", true)]
    [InlineData("CloseWait", true)]
    [InlineData("LastAck", false)]
    [InlineData("TimeWait", false)]
    [InlineData("Close", false)]
    [InlineData("None", false)]
    public void Half_open_and_half_closed_ones_are_open(string state, bool isOpen) =>
        Assert.Equal(isOpen, Flow(1, Enum.Parse<TrackedState>(state)).IsOpen);

    private static VmFlow Look(FlowTable table, DateTimeOffset at, TrackedFlow flow) => Assert.Single(table.Take([flow], at)[Vm]);

    private static TrackedFlow Flow(uint id, TrackedState state) => new(id, IPAddress.Parse("10.100.0.1"), 40000, Vm, 80, state);
}
