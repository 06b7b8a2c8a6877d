using System.Runtime.InteropServices;
using System.Text;
using Hypeman.GuestAgent.Linux;

namespace Hypeman.GuestAgent.Programs;

/// <summary>
/// The process that becomes a program: it gives up all that a program must not inherit from us, and executes. Exit
/// code 127: there is no such program; 126: it cannot be executed.
/// </summary>
internal static unsafe class ExecHelper
{
    private const int NotFoundCode = 127;
    private const int NotExecutableCode = 126;
    private const int OpenFilesLimit = 7; // RLIMIT_NOFILE
    private const ulong OpenFiles = 1024 * 1024; // what container engines give
    private const int CloseRange = 436;
    private const int SetMask = 2; // SIG_SETMASK
    private const int SignalSetSize = 128;

    public static int Run()
    {
        try
        {
            return Become(LaunchSpec.Receive());
        }
        catch (Exception e)
        {
            Say(e.Message);
            return NotExecutableCode;
        }
    }

    private static int Become(LaunchSpec spec)
    {
        Libc.NewSession();
        if (spec.Tty)
            Terminal.Control();
        if (spec.Cgroup is { } cgroup)
            File.WriteAllText(Path.Combine(cgroup, "cgroup.procs"), "0");
        if (File.Exists("/proc/self/oom_score_adj"))
            File.WriteAllText("/proc/self/oom_score_adj", "0");
        var limits = stackalloc ulong[] { OpenFiles, OpenFiles };
        Libc.SetLimit(OpenFilesLimit, limits);
        if (spec.MakeWorkingDir)
            Directory.CreateDirectory(spec.WorkingDir);
        LinuxException.Check(Libc.ChangeDirectory(spec.WorkingDir), $"working directory {spec.WorkingDir}");
        DropTo(spec);
        ResetSignals();
        Libc.Syscall(CloseRange, 3, int.MaxValue, 0, 0, 0);
        return Execute(spec);
    }

    private static void DropTo(LaunchSpec spec)
    {
        if (spec.Uid != 0)
        {
            // A program that is not root may still open /dev/stdout and /dev/stderr.
            for (var fd = 0; fd <= 2; fd++)
                Libc.ChangeOwner(fd, spec.Uid, spec.Gid);
        }
        fixed (uint* groups = spec.Groups.ToArray())
            LinuxException.Check(Libc.SetGroups((nuint)spec.Groups.Count, groups), "set groups");
        LinuxException.Check(Libc.SetGid(spec.Gid), "set group");
        LinuxException.Check(Libc.SetUid(spec.Uid), "set user");
    }

    private static void ResetSignals()
    {
        for (var signal = 1; signal <= SignalNumbers.Max; signal++)
            Libc.Signal(signal, 0);
        var none = stackalloc byte[SignalSetSize];
        new Span<byte>(none, SignalSetSize).Clear();
        Libc.SignalMask(SetMask, none, null);
    }

    private static int Execute(LaunchSpec spec)
    {
        var name = spec.Arguments.Count > 0 ? spec.Arguments[0] : "";
        using var arguments = new NativeStrings(spec.Arguments);
        using var environment = new NativeStrings(spec.Env.Select(pair => $"{pair.Key}={pair.Value}"));
        var reason = Errno.NotFound;
        foreach (var candidate in ProgramPath.Candidates(name, spec.Env.GetValueOrDefault("PATH")))
        {
            using var path = new NativeStrings([candidate]);
            Libc.Execute(path.Pointer[0], arguments.Pointer, environment.Pointer);
            var errno = LinuxException.LastErrno;
            // As a shell does: one that may not be executed is remembered, but a later one may do.
            if (errno is not (Errno.NotFound or Errno.NotADirectory))
                reason = errno;
            if (errno is not (Errno.NotFound or Errno.NotADirectory or Errno.AccessDenied))
                break;
        }
        Say($"exec: \"{name}\": {(reason == Errno.NotFound ? "not found" : Marshal.GetPInvokeErrorMessage(reason))}");
        return reason == Errno.NotFound ? NotFoundCode : NotExecutableCode;
    }

    private static void Say(string text)
    {
        using var stderr = new Fd(2);
        stderr.TryWrite(Encoding.UTF8.GetBytes(text + "\n"));
    }
}
