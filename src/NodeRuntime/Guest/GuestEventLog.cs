using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Hypeman.GuestProtocol;
using Hypeman.GuestProtocol.Events;
using Hypeman.NodeRuntime.Linux;

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

    /// <summary>
    /// All events of one boot so far, oldest first; none when the file is not there (yet). A boot that failed before it
    /// knew its number counts: the file is made anew for each boot.
    /// </summary>
    public static IReadOnlyList<GuestEvent> Read(string path, long boot)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[Math.Min(file.Length, ProtocolLimits.MaxEventFile)];
            var count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return [.. GuestEventCodec.Decode(bytes.AsSpan(0, count)).Where(e => e.Boot == boot || e is BootFailed { Boot: 0 })];
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
        using var watch = FileWatcher.Shared.Watch(path, () => changed.Writer.TryWrite(true));
        await using var timer = time.CreateTimer(_ => changed.Writer.TryWrite(true), null, Recheck, Recheck);

        var isFull = false;
        for (var seen = 0; ; await changed.Reader.ReadAsync(cancellationToken))
        {
            // What comes after the part that counts is cut off unread: a flood must not keep us busy either.
            if (!isFull)
            {
                isFull = Shorten(path);
                var events = Read(path, boot);
                for (; seen < events.Count; seen++)
                    yield return events[seen];
            }
            else
                Shorten(path);
        }
    }

    /// <summary>A guest that floods its port must not fill the host's disk; QEMU appends, so cutting the end is safe.</summary>
    /// <returns>Whether the part that counts is full.</returns>
    private static bool Shorten(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists || file.Length <= ProtocolLimits.MaxEventFile)
            return file.Exists && file.Length == ProtocolLimits.MaxEventFile;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        stream.SetLength(ProtocolLimits.MaxEventFile);
        return true;
    }
}
