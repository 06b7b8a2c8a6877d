using Hypeman.GuestProtocol.Events;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>What is decided about a VM without touching one.</summary>
public sealed class VmDecisionTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(50);

    private static readonly VmRecord Record = new()
    {
        Epoch = 3,
        Spec = TestVms.Spec("vm", "/bin/true"),
        Stage = VmStage.Started,
        Ip = "10.100.0.5",
        Mac = "02:00:00:64:00:05",
        Uid = 600_000_005,
        Hypervisor = "qemu",
        Process = new ProcessIdentity(42, 4242),
        StartedAt = Now,
    };

    public static TheoryData<bool, bool, bool, bool, bool, bool> AllSigns
    {
        get
        {
            var all = new TheoryData<bool, bool, bool, bool, bool, bool>();
            for (var bits = 0; bits < 64; bits++)
                all.Add((bits & 1) > 0, (bits & 2) > 0, (bits & 4) > 0, (bits & 8) > 0, (bits & 16) > 0, (bits & 32) > 0);
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(AllSigns))]
    public void The_phase_follows_from_the_signs(bool ending, bool program, bool agent, bool skips, bool overdue, bool lost)
    {
        var phase = VmPhases.Of(new VmSigns(ending, program, agent, skips, overdue, lost));

        Assert.Equal(ending, phase == VmPhase.Ending);
        Assert.Equal(!ending && !lost && program && (agent || skips), phase == VmPhase.Running);
        if (!ending && phase != VmPhase.Running)
            Assert.Equal(lost || overdue ? VmPhase.Unknown : VmPhase.Booting, phase);
    }

    [Theory]
    [InlineData(false, VmPhase.Paused)]
    [InlineData(true, VmPhase.Ending)]
    public void A_guest_that_is_being_saved_is_paused(bool ending, VmPhase expected) => Assert.Equal(
        expected, VmPhases.Of(new VmSigns(ending, true, true, false, true, true) { IsPaused = true }));

    [Theory]
    [InlineData(0, true)]
    [InlineData(500, true)]
    [InlineData(501, false)]
    public void More_than_half_of_a_base_is_worth_a_new_one(long changed, bool differential) =>
        Assert.Equal(differential, StandbyPlan.IsDifferential(changed, baseBytes: 1000));

    [Fact]
    public void An_overdue_guest_is_told_apart_by_what_it_lacks()
    {
        var deadline = TimeSpan.FromSeconds(30);
        Assert.Contains("did not start its program within 30 s", VmPhases.WhyOverdue(default, deadline));
        Assert.Contains("agent did not answer within 30 s", VmPhases.WhyOverdue(new() { ProgramStarted = true }, deadline));
    }

    [Fact]
    public void The_programs_own_word_is_the_outcome()
    {
        var outcome = VmOutcome.Of(
            Record, [new ProgramStarted("exec"), new ProgramExited(137, "killed by signal 9 (killed) - OOM", true)], wasAsked: false, Now);
        Assert.Equal((VmStage.Stopped, 137, "killed by signal 9 (killed) - OOM"), (outcome.Stage, outcome.ExitCode, outcome.ExitMessage));
        Assert.Null(outcome.Error);
        Assert.Null(outcome.Process);
        Assert.Equal(Now, outcome.ExitedAt);
    }

    [Fact]
    public void A_guest_that_could_not_start_its_program_says_why() => Assert.Equal(
        "The guest could not start its program: no such user",
        VmOutcome.Of(Record, [new BootFailed("no such user")], wasAsked: false, Now).Error);

    [Theory]
    [InlineData(true, true, null)]
    [InlineData(false, true, null)]
    [InlineData(true, false, "The hypervisor ended while the program ran")]
    [InlineData(false, false, "The guest ended before it started its program")]
    public void An_end_without_a_word_is_an_error_unless_we_asked_for_it(bool program, bool asked, string? error)
    {
        var outcome = VmOutcome.Of(Record, program ? [new ProgramStarted("exec")] : [], asked, Now);
        Assert.Null(outcome.ExitCode);
        if (error is null)
            Assert.Null(outcome.Error);
        else
            Assert.StartsWith(error, outcome.Error);
    }

    [Fact]
    public void A_record_is_read_as_it_was_written_and_is_private()
    {
        var folder = Directory.CreateTempSubdirectory("hmt-ledger-");
        try
        {
            var path = Path.Combine(folder.FullName, "ledger.json");
            Assert.Null(VmLedger.Read(path));
            var spec = Record.Spec with
            {
                Program = new GuestProgram { Arguments = ["/a", "b c"], Env = new Dictionary<string, string> { ["KEY"] = "väl=ue" } },
            };
            var written = Record with { Spec = spec, Timings = new Dictionary<string, double> { ["network"] = 1.5 } };
            VmLedger.Write(path, written);
            var read = VmLedger.Read(path)!;
            Assert.Equivalent(written, read, strict: true);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));

            foreach (var broken in (string[])["{", """{"Version": 2}""", File.ReadAllText(path).Replace("\"Uid\"", "\"Unheard\"")])
            {
                File.WriteAllText(path, broken);
                Assert.Contains(path, Assert.Throws<NodeException>(() => VmLedger.Read(path)).Message);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_good_spec_is_accepted() => VmSpecRules.Check(TestVms.Spec("a-1", "/bin/true"));

    public static TheoryData<string> BadSpecs => [.. Bad.Keys];

    private static readonly Dictionary<string, VmSpec> Bad = new()
    {
        ["empty id"] = TestVms.Spec("", "/bin/true"),
        ["id that leaves its folder"] = TestVms.Spec("../x", "/bin/true"),
        ["no vcpus"] = TestVms.Spec("a", "/bin/true") with { Vcpus = 0 },
        ["too little memory"] = TestVms.Spec("a", "/bin/true") with { MemoryBytes = 1 << 20 },
        ["no overlay"] = TestVms.Spec("a", "/bin/true") with { OverlayBytes = 0 },
        ["no program"] = TestVms.Spec("a"),
    };

    [Theory]
    [MemberData(nameof(BadSpecs))]
    public void A_bad_spec_is_refused_with_what_would_be_right(string name)
    {
        var error = Assert.Throws<NodeException>(() => VmSpecRules.Check(Bad[name]));
        Assert.Equal(NodeErrorKind.Invalid, error.Kind);
        Assert.Contains("Right is", error.Message);
    }
}
