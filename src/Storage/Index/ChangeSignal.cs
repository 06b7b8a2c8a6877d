using System.Collections.Concurrent;
using Hypeman.Contracts.Index;

namespace Hypeman.Storage.Index;

/// <summary>Wakes the watchers of this process after one of its own writes; each those of its kinds only.</summary>
internal sealed class ChangeSignal
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _next = new();

    /// <summary>Completes at the next write of one of the kinds. Take it before looking, so that no write falls between.</summary>
    /// <param name="kinds">Words for kinds.</param>
    public Task Next(IEnumerable<string> kinds) => Task.WhenAny(kinds.Select(kind => _next.GetOrAdd(kind, _ => New()).Task));

    public void Raise(ResourceKind kind)
    {
        if (_next.TryRemove(ResourceRecord.Word(kind), out var next))
            next.TrySetResult();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
