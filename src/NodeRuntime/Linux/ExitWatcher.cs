using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>One thread that waits for any number of processes to end. A pidfd becomes readable when its process ends.</summary>
internal sealed class ExitWatcher
{
    // The kernel packs struct epoll_event on x86-64 only.
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int EventSize = DataOffset + sizeof(long);

    private readonly int epoll;
    private readonly ConcurrentDictionary<long, TaskCompletionSource> waiting = new();
    private long lastKey;

    private ExitWatcher()
    {
        epoll = LinuxException.Check(() => Libc.EpollCreate(Libc.CloseOnExec), "epoll_create1");
        new Thread(Run) { IsBackground = true, Name = "process exits" }.Start();
    }

    /// <summary>It holds no state but who waits for what, so all parts of a process share it.</summary>
    internal static ExitWatcher Shared { get; } = new();

    internal unsafe Task WaitAsync(SafeFileHandle pidfd)
    {
        var key = Interlocked.Increment(ref lastKey);
        var exited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting[key] = exited;
        var @event = stackalloc byte[EventSize];
        *(uint*)@event = Libc.EpollIn | Libc.EpollOneShot;
        *(long*)(@event + DataOffset) = key;
        if (Libc.EpollControl(epoll, Libc.EpollAdd, (int)pidfd.DangerousGetHandle(), @event) < 0)
        {
            waiting.TryRemove(key, out _);
            throw LinuxException.Last("epoll_ctl");
        }
        return exited.Task;
    }

    private unsafe void Run()
    {
        const int capacity = 64;
        var events = stackalloc byte[EventSize * capacity];
        while (true)
        {
            var count = Libc.EpollWait(epoll, events, capacity, timeout: -1);
            for (var i = 0; i < count; i++)
            {
                if (waiting.TryRemove(*(long*)(events + i * EventSize + DataOffset), out var exited))
                    exited.SetResult();
            }
        }
    }
}
