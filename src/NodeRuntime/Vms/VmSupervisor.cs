using Hypeman.GuestProtocol.Events;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Logs;
using Hypeman.NodeRuntime.Memory.Compression;
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
///
///                     all is saved              restore: processors run
///   Running ──► Paused ────────────► Standby ──────────────────────────► Booting ──► Running
///      ▲          │                   │  ▲ │                               │     clock is set
///      └──────────┘                   │  └─┼── restore failed ─────────────┘
///       standby failed                ▼    ▼
///                                Stopped  start: Booting, from the disk
/// </code>
/// An order that cannot wait hurries what is in its way: a stop gives up a start, a delete also a stop's grace.
/// When we end ourselves nothing is undone: the VM runs on, and what was half made is undone by whoever takes the
/// ledger up next. That is the way after a crash, too, and so it is the only one.
/// </summary>
internal sealed partial class VmSupervisor : IVmSigns, IAsyncDisposable
{
    private readonly string _id;
    private readonly VmContext _host;
    private readonly VmLayout _layout;
    private readonly VmInbox _inbox;
    private readonly OperationsTrail _trail;
    private readonly FileLock _claim;
    private readonly Task _loop;

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _shutdown = new();
    private CancellationTokenSource _starts = new();
    private CancellationTokenSource _graces = new();
    private long _latestEpoch;

    private VmRecord? _record;
    private volatile VmRun? _run;
    private VmSteps? _steps;

    /// <summary>Takes the VM of this id, which may not exist yet.</summary>
    /// <exception cref="NodeException">Fenced: another process runs it.</exception>
    internal VmSupervisor(string id, VmContext host)
    {
        _id = id;
        _host = host;
        _layout = host.Layout.Vm(id);
        _inbox = new VmInbox(host.Log);
        Directory.CreateDirectory(_layout.Logs);
        _trail = new OperationsTrail(id, new OperationsLog(_layout.OperationsLog, host.Time), host.Log);
        _claim = FileLock.TryTake(_layout.LockFile) ?? throw new NodeException(
            NodeErrorKind.Fenced, $"Process {FileLock.ReadHolder(_layout.LockFile)} runs this VM, not this one.");
        _loop = Task.Run(_inbox.RunAsync);
    }

    internal bool IsDeleted { get; private set; }

    internal OperationsTrail Trail => _trail;

    /// <summary>The agent of the running guest; null when there is none.</summary>
    internal GuestLink? Guest => _run?.Guest;

    /// <summary>The hypervisor that runs it; null when none does.</summary>
    internal ProcessIdentity? Process => _run?.Process.Identity;

    /// <summary>Null: the VM was deleted meanwhile.</summary>
    internal Task<VmStatus>? StartAsync(VmSpec spec, CancellationToken cancellationToken) =>
        Interruptible(spec.Epoch, givenUp => StartNowAsync(spec, givenUp), cancellationToken);

    /// <inheritdoc cref="StartAsync(VmSpec, CancellationToken)"/>
    internal Task<VmStatus>? StopAsync(long epoch, TimeSpan grace, CancellationToken cancellationToken)
    {
        CancellationToken hurry;
        lock (_gate)
        {
            Admit(epoch);
            Renew(ref _starts);
            if (grace == TimeSpan.Zero)
                Renew(ref _graces);
            hurry = _graces.Token;
        }
        return _inbox.TryPost(() => StopNowAsync(epoch, grace, hurry), cancellationToken);
    }

    /// <inheritdoc cref="StartAsync(VmSpec, CancellationToken)"/>
    internal Task<VmStatus>? StandbyAsync(long epoch, Func<CancellationToken, Task> check, CancellationToken cancellationToken) =>
        Interruptible(epoch, givenUp => StandbyNowAsync(epoch, check, givenUp), cancellationToken);

    /// <inheritdoc cref="StartAsync(VmSpec, CancellationToken)"/>
    internal Task<VmStatus>? RestoreAsync(long epoch, CancellationToken cancellationToken) =>
        Interruptible(epoch, givenUp => RestoreNowAsync(epoch, givenUp), cancellationToken);

    /// <inheritdoc cref="StartAsync(VmSpec, CancellationToken)"/>
    internal Task<VmStatus>? CompressAsync(long epoch, CompressionSpec spec, CancellationToken cancellationToken) =>
        Interruptible(epoch, _ => Task.FromResult(CompressNow(epoch, spec)), cancellationToken);

    /// <inheritdoc cref="StartAsync(VmSpec, CancellationToken)"/>
    internal Task<bool>? DeleteAsync(long epoch, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            Admit(epoch);
            Renew(ref _starts);
            Renew(ref _graces);
        }
        return _inbox.TryPost(() => DeleteNowAsync(epoch), cancellationToken);
    }

    /// <summary>Asks the hypervisor how it does, when there is one.</summary>
    internal void Probe() => _inbox.Post(() => _run is { IsEnding: false } current ? ProbeAsync(current) : Task.CompletedTask);

    /// <summary>Lets go of the VM; it runs on.</summary>
    public async ValueTask DisposeAsync()
    {
        _inbox.Close();
        await _shutdown.CancelAsync();
        lock (_gate)
        {
            _starts.Cancel();
            _graces.Cancel();
        }
        await _loop;
        if (_run is not null)
            await _run.DisposeAsync();
        KeepNothingForOthers();
        _claim.Dispose();
    }

    void IVmSigns.ProgramStarted(VmRun from) => OnSign(from, () =>
    {
        if (!from.ProgramStarted)
            _steps?.Reach("program");
        from.ProgramStarted = true;
    });

    void IVmSigns.AgentAnswered(VmRun from, GuestLink link) => OnSign(from, () =>
    {
        // It was left meanwhile: the guest may stand still, or has yet to be told that it did.
        if (from.Guest != link)
            return;
        if (!from.AgentAnswered)
            _steps?.Reach("agent");
        from.AgentAnswered = true;
        NoteAwake();
    });

    void IVmSigns.BootOverdue(VmRun from) => OnSign(from, () => from.IsOverdue = true);

    void IVmSigns.HypervisorSaid(VmRun from, string notice) => _trail.Append($"hypervisor: {notice}");

    void IVmSigns.ControlLost(VmRun from) => _inbox.Post(async () =>
    {
        if (_run == from && !await from.IsGoingAsync(_host.Time))
            await ProbeAsync(from);
    });

    void IVmSigns.ProcessExited(VmRun from, ProcessExit exit) => _inbox.Post(async () =>
    {
        if (_run != from)
            return;
        _trail.Note($"the hypervisor process {exit}");
        await FinishAsync(wasAsked: false);
    });

    /// <summary>An order that a stop or a delete gives up.</summary>
    private Task<T>? Interruptible<T>(long epoch, Func<CancellationToken, Task<T>> order, CancellationToken cancellationToken)
    {
        var givenUp = AdmitInterruptible(epoch);
        return _inbox.TryPost(() => order(givenUp), cancellationToken);
    }

    private CancellationToken AdmitInterruptible(long epoch)
    {
        lock (_gate)
        {
            Admit(epoch);
            return _starts.Token;
        }
    }

    /// <summary>Signs of an earlier run are of no interest.</summary>
    private void OnSign(VmRun from, Action change) => _inbox.Post(() =>
    {
        if (_run == from)
        {
            change();
            Publish();
        }
        return Task.CompletedTask;
    });

    private async Task ProbeAsync(VmRun current)
    {
        // Only one that is to go on: what is in standby, and still has a process, must not run.
        var trouble = _record!.Stage is VmStage.Resuming or VmStage.Saving
            ? await current.ResumeAsync(_layout, this, _host.Time)
            : await current.ProbeAsync(_layout, this, _host.Time);
        if (trouble == current.Trouble || current.Process.Exited.IsCompleted)
            return;
        _trail.Note(trouble ?? "the hypervisor answers again");
        current.Trouble = trouble;
        Publish();
    }

    /// <summary>The first word on an epoch counts, also before the order that brought it is done.</summary>
    private void Admit(long epoch)
    {
        if (epoch < _latestEpoch)
            throw new NodeException(
                NodeErrorKind.Fenced, $"The order is of epoch {epoch}; this VM obeys epoch {_latestEpoch} now.");
        _latestEpoch = epoch;
    }

    private static void Renew(ref CancellationTokenSource source)
    {
        source.Cancel();
        source = new CancellationTokenSource();
    }

    private void Write(VmRecord next)
    {
        VmLedger.Write(_layout.LedgerFile, next);
        _record = next;
    }

    private void Publish()
    {
        if (_record is not null)
            _host.Board.Publish(VmStatuses.Of(_record, _run, _steps?.Timings, _host.BootDeadline));
    }
}
