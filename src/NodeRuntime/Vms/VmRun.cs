using Hypeman.GuestProtocol.Events;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Hypervisors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Nodes;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>
/// What we hold of one running VMM process: its handle, its control session, the link to its agent. Letting go of
/// it leaves the process running.
/// </summary>
internal sealed class VmRun(ProcessHandle process, IHypervisor hypervisor, IHypervisorControl? control) : IAsyncDisposable
{
    private static readonly TimeSpan ProbeDeadline = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _watches = [];

    internal ProcessHandle Process => process;

    /// <summary>Null while the hypervisor does not answer.</summary>
    internal IHypervisorControl? Control { get; private set; } = control;

    /// <summary>Null when the VM has no agent.</summary>
    internal GuestLink? Guest { get; private set; }

    internal bool ProgramStarted { get; set; }
    internal bool AgentAnswered { get; set; }
    internal bool IsOverdue { get; set; }
    internal bool IsEnding { get; set; }

    /// <summary>Why we cannot say how it does; null while we can.</summary>
    internal string? Trouble { get; set; }

    internal VmSigns Signs(VmSpec spec) =>
        new(IsEnding, ProgramStarted, AgentAnswered, spec.SkipGuestAgent, IsOverdue, Trouble is not null);

    /// <summary>Begins to watch. Each sign is told as it shows, on whatever thread it came.</summary>
    internal void Watch(VmLayout layout, VmSpec spec, IVmSigns signs, TimeSpan untilOverdue, TimeProvider time)
    {
        if (!spec.SkipGuestAgent)
            Guest = new GuestLink(layout.AgentSocket, time, () => signs.AgentAnswered(this));
        _watches.Add(WatchExitAsync(signs));
        _watches.Add(WatchEventsAsync(layout, spec, signs, time));
        _watches.Add(WatchClockAsync(signs, untilOverdue, time));
        WatchControl(signs);
    }

    /// <summary>A hypervisor that is ending closes its session a moment before it is gone: whether that is so.</summary>
    internal async Task<bool> IsGoingAsync(TimeProvider time)
    {
        try
        {
            await process.Exited.WaitAsync(ProbeDeadline, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Asks the hypervisor how it does, over a new session when the old one is gone.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    internal async Task<string?> ProbeAsync(VmLayout layout, IVmSigns signs, TimeProvider time)
    {
        using var deadline = new CancellationTokenSource(ProbeDeadline, time);
        try
        {
            if (Control is null or { Closed.IsCompleted: true })
            {
                if (Control is not null)
                    await Control.DisposeAsync();
                Control = null;
                Control = await hypervisor.ConnectAsync(layout.ControlSocket, deadline.Token);
                WatchControl(signs);
            }
            return await Control.IsRunningAsync(deadline.Token) ? null : "The hypervisor has halted the guest's processors.";
        }
        catch (NodeException e)
        {
            return e.Message;
        }
        catch (OperationCanceledException)
        {
            return $"The hypervisor does not answer: no word from it in {ProbeDeadline.TotalSeconds:0} s.";
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (Guest is not null)
            await Guest.DisposeAsync();
        if (Control is not null)
            await Control.DisposeAsync();
        await Task.WhenAll(_watches).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        process.Dispose();
        _stop.Dispose();
    }

    private async Task WatchExitAsync(IVmSigns signs)
    {
        var exit = await process.Exited.WaitAsync(_stop.Token);
        signs.ProcessExited(this, exit);
    }

    private async Task WatchEventsAsync(VmLayout layout, VmSpec spec, IVmSigns signs, TimeProvider time)
    {
        await foreach (var news in GuestEventLog.FollowAsync(layout.EventsFile, spec.Boot, time, _stop.Token))
        {
            if (news is ProgramStarted)
                signs.ProgramStarted(this);
        }
    }

    private async Task WatchClockAsync(IVmSigns signs, TimeSpan untilOverdue, TimeProvider time)
    {
        await Task.Delay(untilOverdue > TimeSpan.Zero ? untilOverdue : TimeSpan.Zero, time, _stop.Token);
        signs.BootOverdue(this);
    }

    private void WatchControl(IVmSigns signs)
    {
        if (Control is { } session)
            _watches.Add(Task.Run(() => WatchControlAsync(session, signs)));
    }

    private async Task WatchControlAsync(IHypervisorControl session, IVmSigns signs)
    {
        await foreach (var notice in session.Notices)
            signs.HypervisorSaid(this, notice);
        if (!_stop.IsCancellationRequested)
            signs.ControlLost(this);
    }
}

/// <summary>What a running VM shows of itself.</summary>
internal interface IVmSigns
{
    void ProgramStarted(VmRun run);
    void AgentAnswered(VmRun run);
    void BootOverdue(VmRun run);
    void HypervisorSaid(VmRun run, string notice);
    void ControlLost(VmRun run);
    void ProcessExited(VmRun run, ProcessExit exit);
}
