using System.Collections.Concurrent;
using Hypeman.GuestProtocol.Messages;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>Counts the open sessions with the agents of VMs.</summary>
internal sealed class SessionCounter(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Tally> _tallies = new();

    /// <summary>How many there are, and when there last were any.</summary>
    internal (int Open, DateTimeOffset? LastAt) Find(string vmId) => _tallies.GetValueOrDefault(vmId) switch
    {
        null => (0, null),
        { Open: > 0 } tally => (tally.Open, time.GetUtcNow()),
        { } tally => (0, tally.ChangedAt),
    };

    /// <summary>A session that is counted until it is disposed of, also while it is being opened.</summary>
    internal async Task<IGuestSession> CountAsync(string vmId, Func<Task<IGuestSession>> open)
    {
        Add(vmId, 1);
        try
        {
            return new Counted(await open(), () => Add(vmId, -1));
        }
        catch
        {
            Add(vmId, -1);
            throw;
        }
    }

    internal void Forget(string vmId) => _tallies.TryRemove(vmId, out _);

    // One that ends after its VM was forgotten leaves nothing behind but its time.
    private void Add(string vmId, int sessions) => _tallies.AddOrUpdate(
        vmId,
        _ => new Tally(Math.Max(sessions, 0), time.GetUtcNow()),
        (_, tally) => new Tally(Math.Max(tally.Open + sessions, 0), time.GetUtcNow()));

    private sealed record Tally(int Open, DateTimeOffset ChangedAt);

    private sealed class Counted(IGuestSession session, Action ended) : IGuestSession
    {
        private int _isEnded;

        public IAsyncEnumerable<GuestReply> ReadAllAsync(CancellationToken cancellationToken) => session.ReadAllAsync(cancellationToken);

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => session.WriteAsync(bytes, cancellationToken);

        public ValueTask EndAsync(CancellationToken cancellationToken) => session.EndAsync(cancellationToken);

        public ValueTask ResizeAsync(int rows, int columns, CancellationToken cancellationToken) =>
            session.ResizeAsync(rows, columns, cancellationToken);

        public async ValueTask DisposeAsync()
        {
            await session.DisposeAsync();
            if (Interlocked.Exchange(ref _isEnded, 1) == 0)
                ended();
        }
    }
}
