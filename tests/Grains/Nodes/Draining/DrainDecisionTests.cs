using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Nodes;
using Hypeman.Grains.Instances;
using Hypeman.Grains.Nodes.Draining;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Grains.Instances;

namespace Hypeman.Tests.Grains.Nodes.Draining;

/// <summary>What a drain does with each thing, and what becomes of the drain.</summary>
public sealed class DrainDecisionTests
{
    private static readonly DateTimeOffset Now = Some.Time.AddMinutes(1);
    private static readonly DrainMove Move = new() { Kind = DrainKind.Instance, Id = "a", Name = "a", Target = "node-1" };

    [Theory]
    [InlineData("none", "Stopped", "Leave", "Move")]
    [InlineData("none", "Stopped", "Restart", "Move")]
    [InlineData("none", "Running", "Leave", "Leave")]
    [InlineData("none", "Running", "Restart", "Move+")]
    [InlineData("none", "Booting", "Leave", "Leave")]
    [InlineData("none", "Booting", "Restart", "Move+")]
    [InlineData("none", "Running", "Suspend", "Move+")]
    [InlineData("none", "Standby", "Leave", "Move")]
    [InlineData("none", "Paused", "Suspend", "Wait")]
    [InlineData("none", "Ending", "Restart", "Wait")]
    [InlineData("none", "Unknown", "Restart", "Leave")]
    [InlineData("Create", "Absent", "Restart", "Wait")]
    [InlineData("Start", "Stopped", "Restart", "Wait")]
    [InlineData("Stop", "Running", "Leave", "Wait")]
    [InlineData("Move", "Stopped", "Leave", "Wait")]
    [InlineData("Delete", "Stopped", "Leave", "Wait")]
    public void What_runs_is_left_unless_it_may_be_restarted(string inFlight, string observed, string running, string expected)
    {
        var verdict = DrainDecision.Of(InstanceLifecycleTests.State(inFlight, observed).ToInfo(), Enum.Parse<DrainRunning>(running));

        Assert.Equal(expected, verdict.Does + (verdict.Restart ? "+" : ""));
        Assert.Equal(expected == "Leave", verdict.Reason is not null);
    }

    [Fact]
    public void An_instance_that_was_made_for_this_node_stays()
    {
        var state = InstanceLifecycleTests.State("none", "Stopped");
        state = state with { Spec = state.Spec with { Placement = new PlacementSpec { Node = "host-0" } } };

        Assert.Equal(
            "it was made for this node alone: its placement.node is 'host-0'", DrainDecision.Of(state.ToInfo(), DrainRunning.Restart).Reason);
    }

    [Fact]
    public void An_instance_without_its_disk_stays()
    {
        var lost = InstanceObservation.ObserveAbsent(InstanceLifecycleTests.State("none", "Stopped"), Now).ToInfo();

        Assert.Equal("its disk is lost", DrainDecision.Of(lost, DrainRunning.Restart).Reason);
    }

    [Theory]
    [InlineData(ImageStatus.Ready, "Move")]
    [InlineData(ImageStatus.Failed, "Move")]
    [InlineData(ImageStatus.Pending, "Wait")]
    [InlineData(ImageStatus.Pulling, "Wait")]
    [InlineData(ImageStatus.Converting, "Wait")]
    public void An_image_is_fetched_to_the_end_first(ImageStatus status, string expected) =>
        Assert.Equal(expected, DrainDecision.Of(Some.Image() with { Status = status }).Does.ToString());

    [Fact]
    public void A_drain_that_is_under_way_goes_on_with_what_is_said_now()
    {
        var begun = DrainDecision.Begin(Node(), DrainRunning.Leave, Now);
        Assert.Equal(NodeAdmission.Draining, begun.Admission);
        var moving = DrainDecision.Went(begun, Now, Round([Move]), Now);

        var again = DrainDecision.Begin(moving, DrainRunning.Restart, Now.AddMinutes(1));

        Assert.Equal((Now, DrainRunning.Restart, Move), (again.Drain!.StartedAt, again.Drain.Running, Assert.Single(again.Drain.Moving)));
    }

    [Fact]
    public void What_is_on_its_way_is_awaited_after_a_cancel_and_the_node_stays_cordoned()
    {
        var moving = DrainDecision.Went(DrainDecision.Begin(Node(), DrainRunning.Leave, Now), Now, Round([Move]), Now);

        var cancelled = DrainDecision.Cancel(moving, Now);
        Assert.Equal((NodeAdmission.Cordoned, Now, null), (cancelled.Admission, cancelled.Drain!.CancelledAt, cancelled.Drain.FinishedAt));
        Assert.Same(cancelled, DrainDecision.Cancel(cancelled, Now.AddMinutes(1)));
        Assert.Equal("invalid_state", Assert.Throws<HypemanException>(() => DrainDecision.Uncordon(cancelled)).Code);

        var ended = DrainDecision.Went(cancelled, Now, Round([]), Now.AddMinutes(1));
        Assert.Equal((NodeAdmission.Cordoned, Now.AddMinutes(1)), (ended.Admission, ended.Drain!.FinishedAt));
        Assert.Equal("invalid_state", Assert.Throws<HypemanException>(() => DrainDecision.Cancel(ended, Now)).Code);
        Assert.Equal((NodeAdmission.Ready, null), (DrainDecision.Uncordon(ended).Admission, DrainDecision.Uncordon(ended).Drain));
    }

    [Fact]
    public void A_cancel_with_nothing_on_its_way_is_the_end()
    {
        var cancelled = DrainDecision.Cancel(DrainDecision.Begin(Node(), DrainRunning.Leave, Now), Now);

        Assert.Equal(Now, cancelled.Drain!.FinishedAt);
        Assert.Throws<HypemanException>(() => DrainDecision.Cancel(Node(), Now));
    }

    [Fact]
    public void A_drain_ends_when_nothing_moves_and_nothing_could()
    {
        var begun = DrainDecision.Begin(Node(), DrainRunning.Leave, Now);
        var left = new DrainLeft { Kind = DrainKind.Instance, Id = "b", Name = "b", Reason = "it runs" };

        var under = DrainDecision.Went(begun, Now, Round([Move], isOver: false), Now);
        Assert.Null(under.Drain!.FinishedAt);
        Assert.Same(under, DrainDecision.Went(under, Now, Round([Move], isOver: false), Now.AddMinutes(1)));

        var last = Round([]);
        last.Arrived.AddRange([DrainKind.Instance, DrainKind.Image]);
        last.Left.Add(left);
        var over = DrainDecision.Went(under, Now, last, Now.AddMinutes(1));
        Assert.Equal((1, 1, NodeAdmission.Cordoned), (over.Drain!.MovedInstances, over.Drain.MovedImages, over.Admission));
        Assert.Equal(left, Assert.Single(over.Drain.Left));
        Assert.Equal(Now.AddMinutes(1), over.Drain.FinishedAt);
    }

    [Fact]
    public void News_of_an_earlier_drain_is_no_news()
    {
        var begun = DrainDecision.Begin(Node(), DrainRunning.Leave, Now);

        Assert.Same(begun, DrainDecision.Went(begun, Now.AddMinutes(-1), Round([]), Now));
    }

    private static DrainRound Round(IEnumerable<DrainMove> moving, bool isOver = true)
    {
        var round = new DrainRound { IsOver = isOver };
        round.Moving.AddRange(moving);
        return round;
    }

    private static NodeInfo Node() => new()
    {
        Id = "node-0",
        Hostname = "host-0",
        Version = "1",
        Hypervisors = ["qemu"],
        Accelerator = "tcg",
        Platform = "linux/amd64",
        Cpus = 1,
        MemoryBytes = 1,
        DiskBytes = 1,
    };
}
