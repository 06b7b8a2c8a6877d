using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Hypeman.GuestProtocol;
using Hypeman.GuestProtocol.Events;

namespace Hypeman.NodeRuntime.Guest;

/// <summary>
/// The file into which the hypervisor writes what a guest's init says. It outlives us, so that a restarted node still
/// learns how a boot went and how the program ended. The guest may write anything and any amount: what is no event
/// is skipped and the file is kept below <see cref="ProtocolLimits.MaxEventFile"/>.
/// </summary>
public static class GuestEventLog
{
    /// <summary>A watch can miss a change (its queue is bounded): the file is looked at this often anyway.</summary>
    private static readonly TimeSpan Recheck = TimeSpan.FromSeconds(1);

    /// <summary>All events of one boot so far, oldest first; none when the file is not there (yet).</summary>
    public static IReadOnlyList<GuestEvent> Read(string path, long boot)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[Math.Min(file.Length, ProtocolLimits.MaxEventFile)];
            var count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return [.. GuestEventCodec.Decode(bytes.AsSpan(0, count)).Where(e => e.Boot == boot)];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
    }

    /// <summary>The events of one boot, those that are there first, then each new one as it comes; ends by cancellation.</summary>
    public static async IAsyncEnumerable<GuestEvent> FollowAsync(
        string path, long boot, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using var watcher = new FileSystemWatcher(Path.GetDirectoryName(Path.GetFullPath(path))!, Path.GetFileName(path));
        watcher.NotifyFilter = NotifyFilters.FileName | NotifyFilters.Size | NotifyFilters.LastWrite;
        watcher.Created += (_, _) => changed.Writer.TryWrite(true);
        watcher.Changed += (_, _) => changed.Writer.TryWrite(true);
        watcher.EnableRaisingEvents = true;
        await using var timer = time.CreateTimer(_ => changed.Writer.TryWrite(true), null, Recheck, Recheck);

        for (var seen = 0; ; await changed.Reader.ReadAsync(cancellationToken))
        {
            var events = Read(path, boot);
            for (; seen < events.Count; seen++)
                yield return events[seen];
            Shorten(path);
        }
    }

    /// <summary>A guest that floods its port must not fill the host's disk; QEMU appends, so cutting the end is safe.</summary>
    private static void Shorten(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists || file.Length <= ProtocolLimits.MaxEventFile)
            return;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        stream.SetLength(ProtocolLimits.MaxEventFile);
    }
}
