using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Hypeman.Gateway.Streams;

/// <summary>
/// Reads from a grain ahead of a slow client. A grain's enumeration ends when nobody asks for its next item for the
/// time of a call (30 s), so a client that stalls must first fill this buffer before it can lose its stream.
/// </summary>
internal static class ReadAhead
{
    public static async IAsyncEnumerable<T> Buffered<T>(
        this IAsyncEnumerable<T> source, int capacity, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var buffer = Channel.CreateBounded<T>(new BoundedChannelOptions(capacity) { SingleReader = true, SingleWriter = true });
        var filling = FillAsync(source, buffer.Writer, ended.Token);
        try
        {
            await foreach (var item in buffer.Reader.ReadAllAsync(cancellationToken))
                yield return item;
        }
        finally
        {
            await ended.CancelAsync();
            await filling;
        }
    }

    private static async Task FillAsync<T>(IAsyncEnumerable<T> source, ChannelWriter<T> buffer, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var item in source.WithCancellation(cancellationToken))
                await buffer.WriteAsync(item, cancellationToken);
            buffer.Complete();
        }
        catch (Exception exception)
        {
            // The reader gets it after the items before it.
            buffer.Complete(exception);
        }
    }
}
