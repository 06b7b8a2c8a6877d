using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Snapshots;
using Hypeman.Grains.Instances;
using Hypeman.Tests.Grains.Clusters;

namespace Hypeman.Tests.Grains.Instances;

/// <summary>Every command in every phase, over every operation in flight.</summary>
public sealed class InstanceLifecycleTests
{
    private static readonly DateTimeOffset Now = Some.Time.AddMinutes(1);

    // Columns: what the node sees. "!X" is a refusal that names X; "=" joins what is in flight.
    private const string Columns =
        "         Absent         Booting        Running        Standby        Ending         Stopped        Unknown        Paused";

    private const string StartTable = """
        none     start          !Initializing  !Running       !Standby       !Shutdown      start          !Unknown       !Paused
        Create   !Created       !Initializing  !Running       !Standby       !Shutdown      !Created       !Unknown       !Paused
        Start    !Created       !Initializing  !Running       !Standby       !Shutdown      !Created       !Unknown       !Paused
        Stop     !stopped       !Initializing  !Running       !Standby       !Shutdown      !stopped       !Unknown       !Paused
        Delete   !deleted       !deleted       !deleted       !deleted       !deleted       !deleted       !deleted       !deleted
        Move     !moved         !moved         !moved         !moved         !moved         !moved         !moved         !moved
        Standby  !stopped       !Initializing  !Running       !Standby       !Shutdown      !stopped       !Unknown       !Paused
        Restore  !stopped       !Initializing  !Running       !Paused        !Shutdown      !stopped       !Unknown       !Paused
        Fork     !copy          !copy          !copy          !copy          !copy          !copy          !copy          !copy
        Revert   !snapshot      !snapshot      !snapshot      !snapshot      !snapshot      !snapshot      !snapshot      !snapshot
        """;

    private const string StopTable = """
        none     !Stopped       stop           stop           stop           !Shutdown      !Stopped       !Unknown       !Paused
        Create   stop           stop           stop           stop           stop           stop           stop           stop
        Start    stop           stop           stop           stop           stop           stop           stop           stop
        Stop     =              =              =              =              =              =              =              =
        Delete   !deleted       !deleted       !deleted       !deleted       !deleted       !deleted       !deleted       !deleted
        Move     !moved         !moved         !moved         !moved         !moved         !moved         !moved         !moved
        Standby  stop           stop           stop           stop           stop           stop           stop           stop
        Restore  stop           stop           stop           stop           stop           stop           stop           stop
        Fork     !copy          !copy          !copy          !copy          !copy          !copy          !copy          !copy
        Revert   !snapshot      !snapshot      !snapshot      !snapshot      !snapshot      !snapshot      !snapshot      !snapshot
        """;

    private const string DeleteTable = """
        none     delete         delete         delete         delete         delete         delete         delete         delete
        Create   delete         delete         delete         delete         delete         delete         delete         delete
        Start    delete         delete         delete         delete         delete         delete         delete         delete
        Stop     delete         delete         delete         delete         delete         delete         delete         delete
        Delete   =              =              =              =              =              =              =              =
        Move     delete         delete         delete         delete         delete         delete         delete         delete
        Standby  delete         delete         delete         delete         delete         delete         delete         delete
        Restore  delete         delete         delete         delete         delete         delete         delete         delete
        Fork     delete         delete         delete         delete         delete         delete         delete         delete
        Revert   delete         delete         delete         delete         delete         delete         delete         delete
        """;

    private const string StandbyTable = """
        none     !Stopped       !Initializing  standby        !Standby       !Shutdown      !Stopped       !Unknown       !Paused
        Create   !Created       !Initializing  !Running       !Standby       !Shutdown      !Created       !Unknown       !Paused
        Start    !Created       !Initializing  !Running       !Standby       !Shutdown      !Created       !Unknown       !Paused
        Stop     !Stopped       !Initializing  !Running       !Standby       !Shutdown      !Stopped       !Unknown       !Paused
        Delete   !deleted       !deleted       !deleted       !deleted       !deleted       !deleted       !deleted       !deleted
        Move     !moved         !moved         !moved         !moved         !moved         !moved         !moved         !moved
        Standby  =              =              =              =              =              =              =              =
        Restore  !Stopped       !Initializing  !Running       !Paused        !Shutdown      !Stopped       !Unknown       !Paused
        Fork     !copy          !copy          !copy          !copy          !copy          !copy          !copy          !copy
        Revert   !snapshot      !snapshot      !snapshot      !snapshot      !snapshot      !snapshot      !snapshot      !snapshot
        """;

    private const string RestoreTable = """
        none     !Stopped       !Initializing  !Running       restore        !Shutdown      !Stopped       !Unknown       !Paused
        Create   !Created       !Initializing  !Running       !Standby       !Shutdown      !Created       !Unknown       !Paused
        Start    !Created       !Initializing  !Running       !Standby       !Shutdown      !Created       !Unknown       !Paused
        Stop     !Stopped       !Initializing  !Running       !Standby       !Shutdown      !Stopped       !Unknown       !Paused
        Delete   !deleted       !deleted       !deleted       !deleted       !deleted       !deleted       !deleted       !deleted
        Move     !moved         !moved         !moved         !moved         !moved         !moved         !moved         !moved
        Standby  !Stopped       !Initializing  !Running       !Standby       !Shutdown      !Stopped       !Unknown       !Paused
        Restore  =              =              =              =              =              =              =              =
        Fork     !copy          !copy          !copy          !copy          !copy          !copy          !copy          !copy
        Revert   !snapshot      !snapshot      !snapshot      !snapshot      !snapshot      !snapshot      !snapshot      !snapshot
        """;

    private const string RevertTable = """
        none     revert         !Initializing  !Running       revert         !Shutdown      revert         !Unknown       !Paused
        Create   !Created       !Initializing  !Running       !Standby       !Shutdown      !Created       !Unknown       !Paused
        Start    !Created       !Initializing  !Running       !Standby       !Shutdown      !Created       !Unknown       !Paused
        Stop     !Stopped       !Initializing  !Running       !Standby       !Shutdown      !Stopped       !Unknown       !Paused
        Delete   !deleted       !deleted       !deleted       !deleted       !deleted       !deleted       !deleted       !deleted
        Move     !moved         !moved         !moved         !moved         !moved         !moved         !moved         !moved
        Standby  !Stopped       !Initializing  !Running       !Standby       !Shutdown      !Stopped       !Unknown       !Paused
        Restore  !Stopped       !Initializing  !Running       !Paused        !Shutdown      !Stopped       !Unknown       !Paused
        Fork     !copy          !copy          !copy          !copy          !copy          !copy          !copy          !copy
        Revert   !snapshot      !snapshot      !snapshot      !snapshot      !snapshot      !snapshot      !snapshot      !snapshot
        """;

    public static IEnumerable<TheoryDataRow<string, string, string, string>> Cells() =>
    [
        .. Rows("start", StartTable), .. Rows("stop", StopTable), .. Rows("delete", DeleteTable), .. Rows("standby", StandbyTable),
        .. Rows("restore", RestoreTable), .. Rows("revert", RevertTable),
    ];

    [Theory, MemberData(nameof(Cells))]
    public void A_command_does_what_the_table_says(string command, string inFlight, string observed, string expected)
    {
        var state = State(inFlight, observed);

        var outcome = Outcome(state, command);

        Assert.Equal(expected, outcome);
    }

    [Fact]
    public void The_tables_hold_every_cell() => Assert.Equal(
        6 * (1 + Enum.GetValues<OperationKind>().Length) * Enum.GetValues<ObservedPhase>().Length, Cells().Count());

    [Theory]
    [InlineData("Running", true)]
    [InlineData("Absent", false)]
    [InlineData("Booting", false)]
    [InlineData("Ending", false)]
    [InlineData("Stopped", false)]
    [InlineData("Unknown", false)]
    [InlineData("Standby", false)]
    [InlineData("Paused", false)]
    public void Sessions_need_a_running_instance(string observed, bool allowed)
    {
        var state = State("none", observed);

        var error = Record.Exception(() => InstanceLifecycle.RequireRunning(state)) as HypemanException;

        Assert.Equal(allowed, error is null);
        if (error is not null)
            Assert.Equal(("invalid_state", $"instance must be running (current state: {state.Phase()})"), (error.Code, error.Message));
    }

    [Fact]
    public void A_refused_stop_says_what_would_be_right()
    {
        var error = Assert.Throws<HypemanException>(() => InstanceLifecycle.Stop(State("none", "Stopped"), Now));

        Assert.Equal(ErrorKind.Conflict, error.Kind);
        Assert.Equal("cannot stop from state Stopped, must be Running, Initializing or Standby", error.Message);
    }

    [Fact]
    public void An_impatient_delete_makes_a_patient_one_impatient()
    {
        var patient = InstanceLifecycle.Delete(State("none", "Running"), graceful: true, Now);

        var impatient = InstanceLifecycle.Delete(patient, graceful: false, Now);

        Assert.False(impatient.Operation!.Graceful);
        Assert.NotEqual(patient.Operation!.Number, impatient.Operation.Number);
        Assert.Same(impatient, InstanceLifecycle.Delete(impatient, graceful: true, Now));
    }

    [Fact]
    public void A_start_begins_a_new_boot_without_the_exit_of_the_last_one()
    {
        var ended = State("none", "Stopped");
        ended = ended with { Observed = ended.Observed with { ExitCode = 3, ExitMessage = "exit code 3" } };

        var started = InstanceLifecycle.Start(ended, new InstanceStartSpec { Entrypoint = ["/bin/other"] }, Now);

        Assert.Equal(ended.Boot + 1, started.Boot);
        Assert.Null(started.ToInfo().ExitCode);
        Assert.Equal(["/bin/other"], started.Spec.Entrypoint);
        Assert.Equal(Now, started.StartedAt);
        Assert.Equal(InstancePhase.Created, started.Phase());
    }

    internal static InstanceState State(string inFlight, string observed)
    {
        var state = InstanceLifecycle.Create("abc", Some.Order(), "qemu", Some.Time);
        var kind = inFlight == "none" ? (OperationKind?)null : Enum.Parse<OperationKind>(inFlight);
        state = state with
        {
            Observed = new ObservedVm { Phase = Enum.Parse<ObservedPhase>(observed), Epoch = 1, Boot = 1 },
            Intent = kind switch
            {
                OperationKind.Delete => InstanceIntent.Gone,
                OperationKind.Stop => InstanceIntent.Stopped,
                OperationKind.Create or OperationKind.Start or OperationKind.Restore or OperationKind.Fork or OperationKind.Revert =>
                    InstanceIntent.Running,
                OperationKind.Standby => InstanceIntent.Standby,
                null when observed == "Standby" => InstanceIntent.Standby,
                OperationKind.Move or null => observed is "Absent" or "Stopped" ? InstanceIntent.Stopped : InstanceIntent.Running,
            },
            Operation = kind is null ? null : new InstanceOperation { Kind = kind.Value, Number = 1, StartedAt = Some.Time },
        };
        return state with { Clock = PhaseClock.Begin(state.Phase(), Some.Time) };
    }

    private static string Outcome(InstanceState state, string command)
    {
        try
        {
            var next = command switch
            {
                "start" => InstanceLifecycle.Start(state, new InstanceStartSpec(), Now),
                "stop" => InstanceLifecycle.Stop(state, Now),
                "standby" => InstanceLifecycle.Standby(state, null, SnapshotCompression.Off, Now),
                "restore" => InstanceLifecycle.Restore(state, Now),
                "revert" => InstanceLifecycle.Revert(state, Some.Revert(), Now),
                _ => InstanceLifecycle.Delete(state, graceful: true, Now),
            };
            if (ReferenceEquals(next, state))
                return "=";
            Assert.Equal(state.Version + 1, next.Version);
            Assert.Equal(next.Version, next.Operation!.Number);
            return next.Operation.Kind.ToString().ToLowerInvariant();
        }
        catch (HypemanException refused)
        {
            Assert.Equal("invalid_state", refused.Code);
            return "!" + refused.Message.Split(' ', ',').First(word =>
                word is "stopped" or "deleted" or "moved" or "copy" or "snapshot" || Enum.TryParse<InstancePhase>(word, out _));
        }
    }

    private static IEnumerable<TheoryDataRow<string, string, string, string>> Rows(string command, string table)
    {
        var columns = Words(Columns);
        foreach (var row in table.Split('\n').Select(Words))
            for (var at = 0; at < columns.Length; at++)
                yield return (command, row[0], columns[at], row[at + 1]);
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
