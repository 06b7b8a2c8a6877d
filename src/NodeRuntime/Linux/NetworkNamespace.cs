using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>
/// A network namespace, and one thread that goes there to work: threads of the pool never change theirs. A socket stays in
/// the namespace it was made in, whoever uses it later; the same holds for a process.
/// <para>
/// The thread comes back before it tells anyone that the work is done. A thread is born into the namespace of the one that
/// makes it, and a pool that has none to spare makes one where it is given something to do.
/// </para>
/// </summary>
public sealed class NetworkNamespace : IDisposable
{
    private const string NamedFolder = "/run/netns";
    private const string OfProcess = "/proc/self/ns/net";

    /// <summary>That of the process, whichever thread asks.</summary>
    private static readonly Lazy<NetworkNamespace> Home = new(() => Open(OfProcess));

    private readonly SafeFileHandle _handle;
    private readonly BlockingCollection<Action> _work = [];
    private readonly Lazy<Thread> _thread;

    private NetworkNamespace(SafeFileHandle handle, string path)
    {
        _handle = handle;
        Path = path;
        _thread = new(StartThread);
    }

    /// <summary>A file that stands for the namespace, for tools such as nsenter.</summary>
    public string Path { get; }

    /// <summary>For netlink messages that name a namespace by descriptor.</summary>
    internal SafeFileHandle Handle => _handle;

    public static string PathOf(string name) => $"{NamedFolder}/{name}";

    /// <summary>The namespace of the calling thread: the host, as far as this process is concerned.</summary>
    public static NetworkNamespace Current() => Open("/proc/thread-self/ns/net");

    /// <summary>A new one without a name and without any device; it lasts as long as this object, and what was started in it.</summary>
    public static NetworkNamespace CreateEmpty()
    {
        NetworkNamespace? made = null;
        Exception? failure = null;
        var maker = new Thread(() =>
        {
            try
            {
                LinuxException.Check(() => Libc.Unshare(Libc.NewNetworkNamespace), "unshare");
                made = Current();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        maker.Start();
        maker.Join();
        return made ?? throw failure!;
    }

    /// <summary>Opens an existing one by the path of its file.</summary>
    public static NetworkNamespace Open(string path)
    {
        var fd = LinuxException.Check(() => Libc.Open(path, Libc.ReadOnly | Libc.CloseOnExec, 0), $"open {path}");
        return new NetworkNamespace(new SafeFileHandle(fd, ownsHandle: true), path);
    }

    /// <summary>Whether this file stands for a namespace; after a restart of the host it may be a mere file.</summary>
    public static bool Exists(string path) => IsMounted(path);

    /// <summary>Opens the named namespace, made when it is missing, as <c>ip netns add</c> makes it.</summary>
    public static NetworkNamespace Ensure(string name)
    {
        var path = PathOf(name);
        if (!IsMounted(path))
            NamedNamespaces.Create(NamedFolder, path);
        return Open(path);
    }

    /// <summary>Names of all named namespaces.</summary>
    public static IReadOnlyList<string> List() =>
        Directory.Exists(NamedFolder) ? [.. Directory.EnumerateFiles(NamedFolder).Select(p => System.IO.Path.GetFileName(p)!)] : [];

    /// <summary>
    /// Removes the name. The namespace, and all devices and rules in it, end with the last process and socket that
    /// uses it. Absent is no error.
    /// </summary>
    public static void Remove(string name) => NamedNamespaces.Remove(PathOf(name));

    /// <summary>Runs something in this namespace. It must be short, for others wait behind it, and start nothing on the pool.</summary>
    public Task<T> RunAsync<T>(Func<T> action)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = _thread.Value;
        _work.Add(() =>
        {
            try
            {
                result.SetResult(RunHere(action));
            }
            catch (Exception e)
            {
                result.SetException(e);
            }
        });
        return result.Task;
    }

    /// <inheritdoc cref="RunAsync{T}"/>
    public Task RunAsync(Action action) => RunAsync(() =>
    {
        action();
        return true;
    });

    /// <summary>Makes a socket that belongs to this namespace.</summary>
    public Task<Socket> CreateSocketAsync(AddressFamily family, SocketType type, ProtocolType protocol) =>
        RunAsync(() => new Socket(family, type, protocol));

    /// <summary>Runs a tool in this namespace to its end.</summary>
    public async Task<string> RunAsync(Command command, CancellationToken cancellationToken)
    {
        var finish = await RunAsync(command.StartHere);
        return await finish(cancellationToken);
    }

    public void Dispose()
    {
        _work.CompleteAdding();
        _handle.Dispose();
    }

    private static bool IsMounted(string path) =>
        File.Exists(path) && File.ReadLines("/proc/self/mountinfo").Any(line => line.Split(' ')[4] == path);

    private T RunHere<T>(Func<T> action)
    {
        Enter(this);
        try
        {
            return action();
        }
        finally
        {
            Enter(Home.Value);
        }
    }

    private static void Enter(NetworkNamespace place) => LinuxException.Check(
        () => Libc.EnterNamespace((int)place._handle.DangerousGetHandle(), Libc.NewNetworkNamespace), $"setns {place.Path}");

    private Thread StartThread()
    {
        var started = new Thread(() =>
        {
            foreach (var work in _work.GetConsumingEnumerable())
                work();
        }) { IsBackground = true, Name = $"netns {System.IO.Path.GetFileName(Path)}" };
        started.Start();
        return started;
    }
}
