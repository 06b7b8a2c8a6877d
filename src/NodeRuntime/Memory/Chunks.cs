using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Memory;

/// <summary>Work on the pieces of a large file, on all processors of the host.</summary>
internal static class Chunks
{
    /// <param name="count">Of the pieces.</param>
    /// <param name="workers">What each processor has for itself, made when it begins.</param>
    /// <param name="work">Done for each piece once.</param>
    /// <param name="cancellationToken">Ends it after the pieces that are being worked on.</param>
    internal static void ForEach<TWorker>(
        int count, Func<TWorker> workers, Action<long, TWorker> work, CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken };
        try
        {
            Parallel.For(0, count, options, workers, (piece, _, worker) =>
            {
                work(piece, worker);
                return worker;
            }, worker => (worker as IDisposable)?.Dispose());
        }
        catch (AggregateException e)
        {
            // One reason will do; a full disk is told to all workers.
            throw e.Flatten().InnerExceptions[0];
        }
    }

    /// <summary>Fills the buffer from the file.</summary>
    /// <exception cref="InvalidDataException">The file ends before.</exception>
    internal static Span<byte> Read(SafeFileHandle file, Span<byte> into, long at)
    {
        for (var done = 0; done < into.Length;)
        {
            var count = RandomAccess.Read(file, into[done..], at + done);
            if (count <= 0)
                throw new InvalidDataException("The file is cut off.");
            done += count;
        }
        return into;
    }
}
