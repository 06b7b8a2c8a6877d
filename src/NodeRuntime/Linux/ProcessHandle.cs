using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Linux;

public enum ProcessSignal
{
    Hangup = 1,
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}

/// <summary>
/// Holds on to one process, ours or another's child: whatever is done through it cannot hit a later process with the
/// same pid.
/// </summary>
public sealed class ProcessHandle : IDisposable
{
    private const nint PidfdSendSignal = 424, PidfdOpen = 434;

    private readonly SafeFileHandle _pidfd;
    private readonly Lazy<Task<ProcessExit>> _exited;

    private ProcessHandle(ProcessIdentity identity, SafeFileHandle pidfd)
    {
        Identity = identity;
        _pidfd = pidfd;
        _exited = new(WaitAsync);
    }

    public ProcessIdentity Identity { get; }

    /// <summary>Ends with the process. A child of ours is reaped by it.</summary>
    public Task<ProcessExit> Exited => _exited.Value;

    /// <summary>Takes hold of a process; null when it is no more.</summary>
    public static ProcessHandle? Open(ProcessIdentity identity)
    {
        var fd = (int)Libc.SystemCall(PidfdOpen, identity.Pid, 0, 0, 0);
        if (fd < 0)
        {
            return Marshal.GetLastPInvokeError() is LinuxException.NoProcess or LinuxException.Invalid
                ? null
                : throw LinuxException.Last($"pidfd_open {identity.Pid}");
        }
        var handle = new ProcessHandle(identity, new SafeFileHandle(fd, ownsHandle: true));
        // Only now is the pid held, so only now does looking at its start time prove anything.
        if (identity.IsAlive)
            return handle;
        handle.TryReap();
        handle.Dispose();
        return null;
    }

    /// <summary>Sends a signal. A process that has ended already is no error.</summary>
    public void Kill(ProcessSignal signal)
    {
        if (Libc.SystemCall(PidfdSendSignal, _pidfd.DangerousGetHandle(), (nint)signal, 0, 0) < 0
            && Marshal.GetLastPInvokeError() != LinuxException.NoProcess)
            throw LinuxException.Last($"pidfd_send_signal {Identity.Pid}");
    }

    public void Dispose() => _pidfd.Dispose();

    private async Task<ProcessExit> WaitAsync()
    {
        await ExitWatcher.Shared.WaitAsync(_pidfd);
        return TryReap();
    }

    private unsafe ProcessExit TryReap()
    {
        const int codeOffset = 8, statusOffset = 24, exitedNormally = 1;
        var info = stackalloc byte[128];
        var result = Libc.Wait(
            Libc.WaitByPidfd, (int)_pidfd.DangerousGetHandle(), info, Libc.WaitExited | Libc.WaitNoHang);
        // Not our child (or the runtime reaped it because we are PID 1): how it ended is then not for us to know.
        if (result != 0 || *(int*)info == 0)
            return new ProcessExit(null, null);
        var status = *(int*)(info + statusOffset);
        return *(int*)(info + codeOffset) == exitedNormally ? new(status, null) : new(null, status);
    }
}

/// <summary>How a process ended: its exit code, or the signal that ended it; neither when it was not our child.</summary>
public readonly record struct ProcessExit(int? ExitCode, int? Signal)
{
    public override string ToString() =>
        ExitCode is { } code ? $"ended with exit code {code}" : Signal is { } signal ? $"was ended by signal {signal}" : "ended";
}
