using System.Globalization;
using Hypeman.GuestAgent.Linux;

namespace Hypeman.GuestAgent.Agent;

/// <summary>
/// All processes that one command started: a cgroup, which nothing can leave, or where there is none the session,
/// which a daemon can.
/// </summary>
internal sealed class ProcessFamily : IDisposable
{
    private const string Root = "/sys/fs/cgroup/hypeman-exec";
    private static int _last;

    public ProcessFamily()
    {
        try
        {
            if (File.Exists("/sys/fs/cgroup/cgroup.procs"))
                Cgroup = Directory.CreateDirectory($"{Root}/{Interlocked.Increment(ref _last)}").FullName;
        }
        catch (IOException)
        {
            // Without cgroups the session has to do.
        }
        catch (UnauthorizedAccessException)
        {
        }
    }

    /// <summary>The directory of the cgroup that the command shall join; null when there is none.</summary>
    public string? Cgroup { get; }

    /// <param name="session">The command's pid, which leads its session; not reaped yet.</param>
    public void Kill(int session)
    {
        // Alone first: a command that has only just been started has joined nothing, and has no children.
        Libc.Kill(session, SignalNumbers.Kill);
        Libc.Kill(-session, SignalNumbers.Kill);
        if (Cgroup is null)
            KillSession(session);
        else
            File.WriteAllText($"{Cgroup}/cgroup.kill", "1");
    }

    /// <summary>Removes the cgroup. What still runs in it, put in the background by a command that ended well, runs on.</summary>
    public void Dispose()
    {
        try
        {
            if (Cgroup is not null)
                Directory.Delete(Cgroup);
        }
        catch (IOException)
        {
        }
    }

    private static void KillSession(int session)
    {
        var wanted = session.ToString(CultureInfo.InvariantCulture);
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var pid) && SessionOf(directory) == wanted)
                Libc.Kill(pid, SignalNumbers.Kill);
        }
    }

    /// <summary>The sixth field of stat; the second, the name, is in brackets and may hold anything.</summary>
    private static string? SessionOf(string process)
    {
        try
        {
            var stat = File.ReadAllText($"{process}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[3];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
