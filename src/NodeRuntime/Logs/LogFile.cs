using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.NodeRuntime.Logs;

/// <summary>Reads a log that another process writes.</summary>
public static class LogFile
{
    private const int ChunkBytes = 64 * 1024;

    /// <summary>
    /// The last lines, oldest first, and with <paramref name="follow"/> then each new one, in batches, until the log's
    /// folder is gone. Survives that the file is cut or replaced. A line that is too long comes in pieces; bytes that
    /// are no UTF-8 come as U+FFFD.
    /// </summary>
    /// <param name="tail">Zero for only what comes from now on.</param>
    /// <exception cref="NodeException">NotFound: there is no such log (yet).</exception>
    public static async IAsyncEnumerable<IReadOnlyList<string>> ReadAsync(
        string path, int tail, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var file = TryOpen(path) ?? throw new NodeException(NodeErrorKind.NotFound, "There is no such log yet.");
        try
        {
            // Before the first read: what is written after it then wakes us.
            var changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
            var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            using var watch = follow ? FileWatcher.Shared.Watch(path, () => changes.Writer.TryWrite(true)) : null;
            // Only its parent tells at once that a folder is gone: its own watch lasts while a file from it is open.
            using var end = follow ? FileWatcher.Shared.Watch(folder, () => changes.Writer.TryWrite(true)) : null;
            var lines = new LineAssembler();
            file.Position = LogTail.FindStart(file, tail);
            while (true)
            {
                await foreach (var batch in ReadToEndAsync(file, lines, cancellationToken))
                    yield return batch;
                if (!follow || !Directory.Exists(folder))
                    break;
                if (file.Position > file.Length)
                    file.Position = 0;
                else if (IsReplaced(file, path) && TryOpen(path) is { } replacement)
                {
                    file.Dispose();
                    file = replacement;
                }
                else
                    await changes.Reader.ReadAsync(cancellationToken);
            }
            if (lines.TakeRest() is { } rest)
                yield return [rest];
        }
        finally
        {
            file.Dispose();
        }
    }

    private static async IAsyncEnumerable<IReadOnlyList<string>> ReadToEndAsync(
        FileStream file, LineAssembler lines, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var chunk = new byte[ChunkBytes];
        int count;
        while ((count = await file.ReadAsync(chunk, cancellationToken)) > 0)
        {
            var batch = new List<string>();
            lines.Add(chunk.AsSpan(0, count), batch);
            if (batch.Count > 0)
                yield return batch;
        }
    }

    private static bool IsReplaced(FileStream file, string path) =>
        FileStatus.Of(path) is { } present && present.Inode != FileStatus.Of(file.SafeFileHandle).Inode;

    private static FileStream? TryOpen(string path)
    {
        try
        {
            return new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
