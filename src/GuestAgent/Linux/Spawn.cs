namespace Hypeman.GuestAgent.Linux;

/// <summary>
/// Starts processes. Never System.Diagnostics.Process: as PID 1 the runtime would then reap every child itself.
/// </summary>
internal static unsafe class Spawn
{
    /// <summary>Our own binary, whatever the root is by now.</summary>
    public const string Self = "/proc/self/exe";

    private const short SetSignalDefaults = 4;
    private const short SetSignalMask = 8;

    // Sizes of glibc's opaque types, rounded up.
    private const int ActionsSize = 256;
    private const int AttributesSize = 512;
    private const int SignalSetSize = 128;

    /// <summary>Starts a program with an empty environment and default signals.</summary>
    /// <param name="descriptors">Its descriptors 0, 1, 2 ... in order; -1 keeps ours.</param>
    /// <returns>Its pid; the caller reaps it.</returns>
    public static int Start(string path, IReadOnlyList<string> arguments, params ReadOnlySpan<int> descriptors)
    {
        var actions = stackalloc byte[ActionsSize];
        var attributes = stackalloc byte[AttributesSize];
        var signals = stackalloc byte[SignalSetSize];
        Must(Libc.InitSpawnActions(actions));
        Must(Libc.InitSpawnAttributes(attributes));
        try
        {
            for (var target = 0; target < descriptors.Length; target++)
            {
                if (descriptors[target] >= 0)
                    Must(Libc.AddSpawnDuplicate(actions, descriptors[target], target));
            }
            new Span<byte>(signals, SignalSetSize).Clear();
            Must(Libc.SetSpawnSignalMask(attributes, signals));
            // .NET ignores SIGPIPE, and what is ignored stays so across an exec.
            new Span<byte>(signals, SignalSetSize).Fill(0xff);
            Must(Libc.SetSpawnDefaultSignals(attributes, signals));
            Must(Libc.SetSpawnFlags(attributes, SetSignalDefaults | SetSignalMask));

            using var file = new NativeStrings([path]);
            using var argv = new NativeStrings(arguments);
            using var environment = new NativeStrings([]);
            int pid;
            var error = Libc.Spawn(&pid, file.Pointer[0], actions, attributes, argv.Pointer, environment.Pointer);
            return error == 0 ? pid : throw new LinuxException($"start {arguments[0]}", error);
        }
        finally
        {
            _ = Libc.DestroySpawnActions(actions);
            _ = Libc.DestroySpawnAttributes(attributes);
        }
    }

    /// <summary>These calls return their error.</summary>
    private static void Must(int error)
    {
        if (error != 0)
            throw new LinuxException("prepare a process", error);
    }

    /// <summary>Waits for any child, or for one; null when there is none to wait for.</summary>
    public static (int Pid, int ExitCode)? Wait(int pid = -1)
    {
        int status, found;
        while ((found = Libc.WaitPid(pid, &status, 0)) < 0)
        {
            if (LinuxException.LastErrno != Errno.Interrupted)
                return null;
        }
        return (found, ExitCode(status));
    }

    /// <summary>As a shell has it: 128 + the signal after a death by signal.</summary>
    public static int ExitCode(int status) => (status & 0x7f) == 0 ? status >> 8 & 0xff : 128 + (status & 0x7f);
}
