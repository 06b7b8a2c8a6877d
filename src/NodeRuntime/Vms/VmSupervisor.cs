using Hypeman.GuestProtocol.Events;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Logs;
using Hypeman.NodeRuntime.Nodes;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>
/// The one owner of one VM: its process, its sockets, its ledger entry. Orders and signs come through an inbox and are
/// dealt with one after another.
/// <code>
///             start                   program started, agent answers
///   Stopped ──────────────► Booting ─────────────────────────────────► Running
///      ▲ ▲                   │  ▲ │                                     │  ▲ │
///      │ └── start failed ───┘  │ └─ overdue, hypervisor silent ─┐      │  │ │
///      │     (all undone)       └────── it answers again ──── Unknown ◄─┘──┘ │
///      │                                                         │           │
///      └──────── all given back ──────── Ending ◄────────────────┴───────────┘
///                                          stop, delete, process exit
/// </code>
/// An order that cannot wait hurries what is in its way: a stop gives up a start, a delete also a stop's grace.
/// When we end ourselves nothing is undone: the VM runs on, and what was half made is undone by whoever takes the
/// ledger up next. That is the way after a crash, too, and so it is the only one.
/// </summary>
internal sealed partial class VmSupervisor : IVmSigns, IAsyncDisposable
{
    private readonly string id;
    private readonly VmContext host;
    private readonly VmLayout layout;
    private readonly VmInbox inbox;
    private readonly OperationsTrail trail;
    private readonly FileLock claim;
    private readonly Task loop;

    private readonly Lock gate = new();
    private readonly CancellationTokenSource shutdown = new();
    private CancellationTokenSource starts = new();
    private CancellationTokenSource graces = new();
    private long latestEpoch;

    private VmRecord? record;
    private volatile VmRun? run;
    private VmSteps? steps;

    /// <summary>Takes the VM of this id, which may not exist yet.</summary>
    /// <exception cref="NodeException">Fenced: another process runs it.</exception>
    internal VmSupervisor(string id, VmContext host)
    {
        this.id = id;
        this.host = host;
        layout = host.Layout.Vm(id);
        inbox = new VmInbox(host.Log);
        Directory.CreateDirectory(layout.Logs);
        trail = new OperationsTrail(id, new OperationsLog(layout.OperationsLog, host.Time), host.Log);
        claim = FileLock.TryTake(layout.LockFile) ?? throw new NodeException(
            NodeErrorKind.Fenced, $"Process {FileLock.ReadHolder(layout.LockFile)} runs this VM, not this one.");
        loop = Task.Run(inbox.RunAsync);
    }

    internal bool IsDeleted { get; private set; }

    internal OperationsTrail Trail => trail;

    /// <summary>The agent of the running guest; null when there is none.</summary>
    internal GuestLink? Guest => run?.Guest;

    /// <summary>Null: the VM was deleted meanwhile.</summary>
    internal Task<VmStatus>? StartAsync(VmSpec spec, CancellationToken cancellationToken)
    {
        CancellationToken givenUp;
        lock (gate)
        {
            Admit(spec.Epoch);
            givenUp = starts.Token;
        }
        return inbox.TryPost(() => StartNowAsync(spec, givenUp), cancellationToken);
    }

    /// <inheritdoc cref="StartAsync(VmSpec, CancellationToken)"/>
    internal Task<VmStatus>? StopAsync(long epoch, TimeSpan grace, CancellationToken cancellationToken)
    {
        CancellationToken hurry;
        lock (gate)
        {
            Admit(epoch);
            Renew(ref starts);
            if (grace == TimeSpan.Zero)
                Renew(ref graces);
            hurry = graces.Token;
        }
        return inbox.TryPost(() => StopNowAsync(epoch, grace, hurry), cancellationToken);
    }

    /// <inheritdoc cref="StartAsync(VmSpec, CancellationToken)"/>
    internal Task<bool>? DeleteAsync(long epoch, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            Admit(epoch);
            Renew(ref starts);
            Renew(ref graces);
        }
        return inbox.TryPost(() => DeleteNowAsync(epoch), cancellationToken);
    }

    /// <summary>Asks the hypervisor how it does, when there is one.</summary>
    internal void Probe() => inbox.Post(() => run is { IsEnding: false } current ? ProbeAsync(current) : Task.CompletedTask);

    /// <summary>Lets go of the VM; it runs on.</summary>
    public async ValueTask DisposeAsync()
    {
        inbox.Close();
        await shutdown.CancelAsync();
        lock (gate)
        {
            starts.Cancel();
            graces.Cancel();
        }
        await loop;
        if (run is not null)
            await run.DisposeAsync();
        claim.Dispose();
    }

    void IVmSigns.ProgramStarted(VmRun from) => OnSign(from, () =>
    {
        from.ProgramStarted = true;
        steps?.Reach("program");
    });

    void IVmSigns.AgentAnswered(VmRun from) => OnSign(from, () =>
    {
        if (!from.AgentAnswered)
            steps?.Reach("agent");
        from.AgentAnswered = true;
    });

    void IVmSigns.BootOverdue(VmRun from) => OnSign(from, () => from.IsOverdue = true);

    void IVmSigns.HypervisorSaid(VmRun from, string notice) => trail.Append($"hypervisor: {notice}");

    void IVmSigns.ControlLost(VmRun from) => inbox.Post(async () =>
    {
        if (run == from && !await from.IsGoingAsync(host.Time))
            await ProbeAsync(from);
    });

    void IVmSigns.ProcessExited(VmRun from, ProcessExit exit) => inbox.Post(async () =>
    {
        if (run != from)
            return;
        trail.Note($"the hypervisor process {exit}");
        await FinishAsync(wasAsked: false);
    });

    /// <summary>Signs of an earlier run are of no interest.</summary>
    private void OnSign(VmRun from, Action change) => inbox.Post(() =>
    {
        if (run == from)
        {
            change();
            Publish();
        }
        return Task.CompletedTask;
    });

    private async Task ProbeAsync(VmRun current)
    {
        var trouble = await current.ProbeAsync(layout, this, host.Time);
        if (trouble == current.Trouble || current.Process.Exited.IsCompleted)
            return;
        trail.Note(trouble ?? "the hypervisor answers again");
        current.Trouble = trouble;
        Publish();
    }

    /// <summary>The first word on an epoch counts, also before the order that brought it is done.</summary>
    private void Admit(long epoch)
    {
        if (epoch < latestEpoch)
            throw new NodeException(
                NodeErrorKind.Fenced, $"The order is of epoch {epoch}; this VM obeys epoch {latestEpoch} now.");
        latestEpoch = epoch;
    }

    private static void Renew(ref CancellationTokenSource source)
    {
        source.Cancel();
        source = new CancellationTokenSource();
    }

    private void Write(VmRecord next)
    {
        VmLedger.Write(layout.LedgerFile, next);
        record = next;
    }

    private void Publish()
    {
        if (record is not null)
            host.Board.Publish(VmStatuses.Of(record, run, steps?.Timings, host.BootDeadline));
    }
}
