using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Hypeman.Grains.Records;

/// <summary>
/// Those who watch a grain's info. Each has room for one: who is slow sees only the latest, and never holds up the
/// grain. Used on the grain's scheduler only.
/// </summary>
internal sealed class Watchers<T>
    where T : class
{
    private readonly List<Channel<T>> _channels = [];
    private bool _isOver;

    /// <summary>What was published last; null when nothing was in this activation.</summary>
    public T? Last { get; private set; }

    /// <summary>The present info, then each later one, until <see cref="End"/>.</summary>
    public async IAsyncEnumerable<T> WatchAsync(T present, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<T>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
        channel.Writer.TryWrite(present);
        _channels.Add(channel);
        if (_isOver)
            channel.Writer.TryComplete();
        try
        {
            await foreach (var info in channel.Reader.ReadAllAsync(cancellationToken))
                yield return info;
        }
        finally
        {
            _channels.Remove(channel);
        }
    }

    public void Publish(T info)
    {
        Last = info;
        _channels.ForEach(channel => channel.Writer.TryWrite(info));
    }

    /// <summary>What was watched is gone. Who comes late can still be told <see cref="Last"/>.</summary>
    public void End()
    {
        _isOver = true;
        _channels.ForEach(channel => channel.Writer.TryComplete());
    }

    /// <summary>The activation ends here; watchers come back to the next one.</summary>
    public void Abandon() =>
        _channels.ForEach(channel => channel.Writer.TryComplete(new Orleans.Runtime.EnumerationAbortedException(
            "The watched grain was deactivated; watch it again.")));
}
