using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>
/// Starts processes that outlive us: in a session of their own, with default signals, with no descriptor of ours but
/// those named.
/// </summary>
public static partial class Spawner
{
    private const int FirstInherited = 3;

    /// <exception cref="Errors.NodeException">DependencyMissing.</exception>
    /// <exception cref="LinuxException">The program could not be started.</exception>
    public static Task<ProcessIdentity> StartAsync(SpawnRequest request) =>
        request.Network is null ? Task.FromResult(Start(request)) : request.Network.RunAsync(() => Start(request));

    private static ProcessIdentity Start(SpawnRequest request)
    {
        var (program, arguments) = WithUser(request);
        using var memory = new NativeStrings();
        using var attributes = new Attributes();
        using var actions = new FileActions();
        var duplicates = request.Inherited.Select(DuplicateHigh).ToList();
        try
        {
            actions.ChangeDirectory(request.WorkingDirectory);
            actions.Open(0, "/dev/null", ReadOnly);
            actions.Open(1, request.OutputPath, WriteOnly | Create | Append);
            actions.Duplicate(1, 2);
            for (var i = 0; i < duplicates.Count; i++)
                actions.Duplicate((int)duplicates[i].DangerousGetHandle(), FirstInherited + i);
            actions.CloseFrom(FirstInherited + duplicates.Count);
            var error = PosixSpawn(
                out var pid, program, actions.Pointer, attributes.Pointer,
                memory.Array([program, .. arguments]), memory.Array(EnvironmentOf(request)));
            if (error != 0)
                throw new LinuxException(error, $"start {program}");
            // It is our child and not reaped, so the pid is its own whatever became of it.
            return new ProcessIdentity(pid, ProcessIdentity.Parse(File.ReadAllText($"/proc/{pid}/stat")).StartTime);
        }
        finally
        {
            duplicates.ForEach(handle => handle.Dispose());
        }
    }

    /// <summary>Rights are dropped before the program's first instruction: QEMU's sandbox forbids it to drop them itself.</summary>
    private static (string Program, IReadOnlyList<string> Arguments) WithUser(SpawnRequest request)
    {
        var program = Executables.Find(request.Program);
        if (request.User is not { } user)
            return (program, request.Arguments);
        var groups = user.Groups is { Count: > 0 } ids ? $"--groups={string.Join(',', ids)}" : "--clear-groups";
        return (Executables.Find("setpriv"),
        [
            $"--reuid={user.Uid}", $"--regid={user.Gid}", groups, "--inh-caps=-all", "--bounding-set=-all",
            "--no-new-privs", "--", program, .. request.Arguments,
        ]);
    }

    private static IReadOnlyList<string> EnvironmentOf(SpawnRequest request) =>
    [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
        .. request.Environment.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key}={pair.Value}")),
    ];

    /// <summary>Out of the way of the numbers that the child's descriptors get.</summary>
    private static SafeFileHandle DuplicateHigh(SafeFileHandle handle)
    {
        const int outOfTheWay = 256;
        var fd = LinuxException.Check(
            () => Libc.Control((int)handle.DangerousGetHandle(), Libc.DuplicateCloseOnExec, outOfTheWay), "fcntl F_DUPFD");
        return new SafeFileHandle(fd, ownsHandle: true);
    }
}
