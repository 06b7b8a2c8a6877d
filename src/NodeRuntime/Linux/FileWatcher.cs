using System.Runtime.InteropServices;
using System.Text;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>
/// Tells when a file may have changed: was written, cut, replaced, made or removed. One inotify instance and thread for
/// all files, as the kernel gives out few of them (the framework's own watcher takes one each).
/// </summary>
internal sealed partial class FileWatcher
{
    private const uint Modified = 0x2, MovedFrom = 0x40, MovedTo = 0x80, Created = 0x100, Deleted = 0x200;
    private const uint OnlyDirectories = 0x1000000, Overflow = 0x4000;
    private const int EventSize = 16, LengthOffset = 12, MaskOffset = 4, CloseOnExec = 0x80000;

    private readonly int _inotify;
    private readonly Lock _gate = new();
    private readonly Dictionary<int, List<Subscription>> _subscriptions = [];

    private FileWatcher()
    {
        _inotify = LinuxException.Check(() => Init(CloseOnExec), "inotify_init1");
        new Thread(Run) { IsBackground = true, Name = "file changes" }.Start();
    }

    /// <summary>It holds no state but who watches what, so all parts of a process share it.</summary>
    internal static FileWatcher Shared { get; } = new();

    /// <summary>Calls back, on a thread that must not be kept, until it is disposed of. The folder must exist.</summary>
    internal IDisposable Watch(string path, Action changed)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        lock (_gate)
        {
            // The kernel has one watch per folder, and gives its number again.
            var watch = LinuxException.Check(
                () => AddWatch(_inotify, folder, Modified | MovedFrom | MovedTo | Created | Deleted | OnlyDirectories),
                $"watch {folder}");
            var subscription = new Subscription(this, watch, Path.GetFileName(path), changed);
            if (!_subscriptions.TryGetValue(watch, out var others))
                _subscriptions[watch] = others = [];
            others.Add(subscription);
            return subscription;
        }
    }

    private void Run()
    {
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var count = (int)Read(_inotify, buffer, (nuint)buffer.Length);
            for (var rest = buffer.AsSpan(0, Math.Max(0, count)); rest.Length >= EventSize;)
            {
                var size = EventSize + BitConverter.ToInt32(rest[LengthOffset..]);
                var isOverflow = (BitConverter.ToUInt32(rest[MaskOffset..]) & Overflow) != 0;
                Notify(BitConverter.ToInt32(rest), Encoding.UTF8.GetString(rest[EventSize..size]).TrimEnd('\0'), isOverflow);
                rest = rest[size..];
            }
        }
    }

    /// <summary>An event without a name is about the folder itself; after an overflow anything may have changed.</summary>
    private void Notify(int watch, string name, bool isOverflow)
    {
        List<Subscription> concerned;
        lock (_gate)
        {
            concerned = isOverflow
                ? [.. _subscriptions.Values.SelectMany(all => all)]
                : [.. _subscriptions.GetValueOrDefault(watch, []).Where(one => name.Length == 0 || one.Name == name)];
        }
        concerned.ForEach(one => one.Changed());
    }

    private void Remove(Subscription subscription)
    {
        lock (_gate)
        {
            if (!_subscriptions.TryGetValue(subscription.Watch, out var others) || !others.Remove(subscription))
                return;
            if (others.Count > 0)
                return;
            _subscriptions.Remove(subscription.Watch);
            // Fails when the folder is gone, and the watch with it.
            _ = RemoveWatch(_inotify, subscription.Watch);
        }
    }

    private sealed class Subscription(FileWatcher owner, int watch, string name, Action changed) : IDisposable
    {
        internal int Watch => watch;
        internal string Name => name;
        internal Action Changed => changed;

        public void Dispose() => owner.Remove(this);
    }

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    private static partial int Init(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddWatch(int fd, string path, uint mask);

    [LibraryImport("libc", EntryPoint = "inotify_rm_watch", SetLastError = true)]
    private static partial int RemoveWatch(int fd, int watch);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int fd, byte[] buffer, nuint length);
}
