using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>
/// Ends a running VM, by ever harder means, each with a deadline:
/// <code>
/// 1  ask the agent to shut down        1.5 s, twice      (not with a grace of zero)
///    no agent: press the power button
/// 2  wait for the process to end       grace; at most 0.5 s when nobody could be asked
/// 3  tell the hypervisor to quit       2 s
/// 4  kill                              30 s, then it is stuck in the kernel: an error
/// </code>
/// </summary>
internal sealed class VmEnding(VmRun run, OperationsTrail trail, TimeProvider time)
{
    private const int AskAttempts = 2;
    private static readonly TimeSpan AskDeadline = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan UnaskedGrace = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan QuitDeadline = TimeSpan.FromSeconds(2);
    internal static readonly TimeSpan KillDeadline = TimeSpan.FromSeconds(30);

    /// <summary>Returns once the process is gone.</summary>
    /// <exception cref="NodeException">TimedOut: not even the kernel could end it.</exception>
    /// <param name="hurry">Ends the grace.</param>
    internal async Task EndAsync(TimeSpan grace, CancellationToken hurry)
    {
        // :: Steps 1, 2
        if (grace > TimeSpan.Zero
            && await EndsWithinAsync(await AskAsync() ? grace : Shorter(grace, UnaskedGrace), hurry))
            return;

        // :: Step 3
        if (run.Control is not null)
        {
            await TryAsync("quit the hypervisor", QuitDeadline, run.Control.QuitAsync);
            if (await EndsWithinAsync(QuitDeadline, CancellationToken.None))
                return;
        }

        // :: Step 4
        await KillAsync();
    }

    /// <summary>Goes straight to the last step.</summary>
    internal async Task KillAsync()
    {
        trail.Note("killing the hypervisor process");
        run.Process.Kill(ProcessSignal.Kill);
        if (!await EndsWithinAsync(KillDeadline, CancellationToken.None))
            throw new NodeException(
                NodeErrorKind.TimedOut,
                $"Process {run.Process.Identity.Pid} of the VM does not end, although it was killed: it is stuck in the "
                + "kernel of this host.");
    }

    /// <summary>Whether anyone in the guest has heard us.</summary>
    private async Task<bool> AskAsync()
    {
        for (var attempt = 0; attempt < AskAttempts && run.Guest is { IsOpen: true } guest; attempt++)
        {
            var asked = await TryAsync("ask the guest to shut down", AskDeadline,
                cancellationToken => guest.CallAsync<DoneReply>(new ShutdownRequest(), cancellationToken));
            // The guest may be off before its answer is out.
            if (asked || run.Process.Exited.IsCompleted)
                return true;
        }
        if (run.Control is not null)
            await TryAsync("press the power button", AskDeadline, run.Control.PressPowerButtonAsync);
        return false;
    }

    private async Task<bool> TryAsync(string what, TimeSpan deadline, Func<CancellationToken, Task> action)
    {
        using var expired = new CancellationTokenSource(deadline, time);
        try
        {
            await action(expired.Token);
            trail.Note(what);
            return true;
        }
        catch (Exception e) when (e is NodeException or OperationCanceledException)
        {
            var why = e is NodeException ? e.Message : $"no answer in {deadline.TotalSeconds:0.#} s";
            trail.Note($"could not {what}: {why}");
            return false;
        }
    }

    private async Task<bool> EndsWithinAsync(TimeSpan timeout, CancellationToken hurry)
    {
        try
        {
            await run.Process.Exited.WaitAsync(timeout, time, hurry);
            return true;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
