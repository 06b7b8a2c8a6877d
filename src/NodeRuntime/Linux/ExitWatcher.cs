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

    private readonly int _epoll;
    private readonly ConcurrentDictionary<long, TaskCompletionSource> _waiting = new();
    private long _lastKey;

    private ExitWatcher()
    {
        _epoll = LinuxException.Check(() => Libc.EpollCreate(Libc.CloseOnExec), "epoll_create1");
        new Thread(Run) { IsBackground = true, Name = "process exits" }.Start();
    }

    /// <summary>It holds no state but who waits for what, so all parts of a process share it.</summary>
    internal static ExitWatcher Shared { get; } = new();

    internal unsafe Task WaitAsync(SafeFileHandle pidfd)
    {
        var key = Interlocked.Increment(ref _lastKey);
        var exited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[key] = exited;
        var @event = stackalloc byte[EventSize];
        *(uint*)@event = Libc.EpollIn | Libc.EpollOneShot;
        *(long*)(@event + DataOffset) = key;
        if (Libc.EpollControl(_epoll, Libc.EpollAdd, (int)pidfd.DangerousGetHandle(), @event) < 0)
        {
            _waiting.TryRemove(key, out _);
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
            var count = Libc.EpollWait(_epoll, events, capacity, timeout: -1);
            for (var i = 0; i < count; i++)
            {
                if (_waiting.TryRemove(*(long*)(events + i * EventSize + DataOffset), out var exited))
                    exited.SetResult();
            }
        }
    }
}
