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
    private const string Halted = "The hypervisor has halted the guest's processors.";

    private static readonly TimeSpan ProbeDeadline = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _watches = [];

    internal ProcessHandle Process => process;

    /// <summary>Keeps the base that its memory is mapped from; null when it was booted.</summary>
    internal IDisposable? Held { get; init; }
    internal IHypervisor Hypervisor => hypervisor;

    /// <summary>Null while the hypervisor does not answer.</summary>
    internal IHypervisorControl? Control { get; private set; } = control;

    /// <summary>Null when the VM has no agent.</summary>
    internal GuestLink? Guest { get; private set; }

    internal bool IsWatched { get; private set; }
    internal bool ProgramStarted { get; set; }
    internal bool AgentAnswered { get; set; }
    internal bool IsOverdue { get; set; }
    internal bool IsEnding { get; set; }
    internal bool IsPaused { get; set; }

    /// <summary>Why we cannot say how it does; null while we can.</summary>
    internal string? Trouble { get; set; }

    internal VmSigns Signs(VmSpec spec) =>
        new(IsEnding, ProgramStarted, AgentAnswered, spec.SkipGuestAgent, IsOverdue, Trouble is not null) { IsPaused = IsPaused };

    /// <summary>Begins to watch. Each sign is told as it shows, on whatever thread it came.</summary>
    /// <param name="wake">Null when the guest did not stand still.</param>
    internal void Watch(
        VmLayout layout, VmRecord record, IVmSigns signs, TimeSpan untilOverdue, TimeProvider time, GuestWake? wake = null)
    {
        IsWatched = true;
        ReachAgent(layout, record, signs, untilOverdue, time, wake);
        _watches.Add(WatchExitAsync(signs));
        _watches.Add(WatchEventsAsync(layout, record.EventsBoot, signs, time));
        WatchControl(signs);
    }

    /// <summary>Begins to look for the agent, be it again.</summary>
    internal void ReachAgent(
        VmLayout layout, VmRecord record, IVmSigns signs, TimeSpan untilOverdue, TimeProvider time, GuestWake? wake)
    {
        IsOverdue = false;
        if (!record.Spec.SkipGuestAgent)
            Guest = new GuestLink(layout.AgentSocket, time, wake, link => signs.AgentAnswered(this, link));
        _watches.Add(WatchClockAsync(signs, untilOverdue, time));
    }

    /// <summary>
    /// Lets go of the agent, so that its port is at rest when the guest is saved: one that was busy then is stuck after it.
    /// </summary>
    internal async Task LeaveAgentAsync(NodeException reason)
    {
        if (Guest is not { } link)
            return;
        AgentAnswered = false;
        Guest = null;
        await link.CloseAsync(reason);
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
    internal Task<string?> ProbeAsync(VmLayout layout, IVmSigns signs, TimeProvider time) =>
        AskAsync(layout, signs, time, async (session, token) => await session.IsRunningAsync(token) ? null : Halted);

    /// <summary>Has the guest's processors run, whether they do already or not.</summary>
    /// <inheritdoc cref="ProbeAsync"/>
    internal Task<string?> ResumeAsync(VmLayout layout, IVmSigns signs, TimeProvider time) =>
        AskAsync(layout, signs, time, async (session, token) =>
        {
            await session.ResumeAsync(token);
            return null;
        });

    private async Task<string?> AskAsync(
        VmLayout layout, IVmSigns signs, TimeProvider time,
        Func<IHypervisorControl, CancellationToken, Task<string?>> question)
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
            return await question(Control, deadline.Token);
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
        Held?.Dispose();
        _stop.Dispose();
    }

    private async Task WatchExitAsync(IVmSigns signs)
    {
        var exit = await process.Exited.WaitAsync(_stop.Token);
        signs.ProcessExited(this, exit);
    }

    private async Task WatchEventsAsync(VmLayout layout, long boot, IVmSigns signs, TimeProvider time)
    {
        await foreach (var news in GuestEventLog.FollowAsync(layout.EventsFile, boot, time, _stop.Token))
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
    void AgentAnswered(VmRun run, GuestLink link);
    void BootOverdue(VmRun run);
    void HypervisorSaid(VmRun run, string notice);
    void ControlLost(VmRun run);
    void ProcessExited(VmRun run, ProcessExit exit);
}
