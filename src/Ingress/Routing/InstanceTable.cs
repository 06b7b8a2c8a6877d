using System.Collections.Concurrent;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Instances.Policies;

namespace Hypeman.Ingress.Routing;

/// <summary>
/// One instance as the proxy sees it. <see cref="Incarnation"/> is another number after each stop, restart, move or
/// change of address, so that connections to what is gone are never used again; <see cref="Gone"/> ends what is
/// still open to it.
/// </summary>
internal sealed record Target
{
    public required string Id { get; init; }
    public required string Home { get; init; }
    public required InstancePhase Phase { get; init; }
    public required string? Ip { get; init; }
    public required DateTimeOffset? StartedAt { get; init; }
    public required long Incarnation { get; init; }
    public required CancellationToken Gone { get; init; }

    /// <summary>What does not keep it awake; null when it is not put to sleep by itself.</summary>
    public IgnoredTraffic? Ignored { get; init; }

    /// <summary>
    /// Whether it may answer. An instance that is still initializing may serve already, and one whose node has lost
    /// sight of it may serve still: both are worth the try.
    /// </summary>
    public bool MayAnswer => Ip is not null && Phase switch
    {
        InstancePhase.Running or InstancePhase.Initializing or InstancePhase.Unknown => true,
        InstancePhase.Created or InstancePhase.Paused or InstancePhase.Shutdown => false,
        InstancePhase.Stopped or InstancePhase.Standby => false,
    };
}

/// <summary>All instances by id, by name and by the beginning of an id. One writer, any number of readers.</summary>
internal sealed class InstanceTable
{
    /// <summary>Shorter ones are words that anybody may try.</summary>
    private const int ShortestPrefix = 8;

    private readonly ConcurrentDictionary<string, Target> _byId = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<Target>> _awaited = new();
    private readonly Lock _gate = new();
    private readonly SortedSet<string> _ids = new(StringComparer.Ordinal);
    private readonly ClaimTable<string, string> _idByName = new();
    private readonly Dictionary<string, CancellationTokenSource> _gone = [];
    private long _incarnations;

    /// <param name="word">An id, a name, or the beginning of an id that is that of no other.</param>
    public Target? Find(string word) =>
        FindById(word) ?? ((_idByName.Find(word) ?? IdWithPrefix(word)) is { } id ? FindById(id) : null);

    public Target? FindById(string id) => _byId.GetValueOrDefault(id);

    /// <summary>The instance as soon as it may answer.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    public async Task<Target> AnswersAsync(string id, CancellationToken cancellationToken)
    {
        var awaited = _awaited.GetOrAdd(id, _ => new TaskCompletionSource<Target>(TaskCreationOptions.RunContinuationsAsynchronously));
        // It may have come a moment ago.
        if (FindById(id) is { MayAnswer: true } present)
            Answer(present);
        return await awaited.Task.WaitAsync(cancellationToken);
    }

    public void Set(InstanceInfo instance)
    {
        var before = FindById(instance.Id);
        if (before is null)
            lock (_gate)
                _ids.Add(instance.Id);
        var next = new Target
        {
            Id = instance.Id,
            Home = instance.Home,
            Phase = instance.Phase,
            Ip = instance.Ip,
            StartedAt = instance.StartedAt,
            Incarnation = before?.Incarnation ?? 0,
            Gone = before?.Gone ?? default,
            Ignored = instance.Spec.AutoStandby is { Enabled: true } policy ? new IgnoredTraffic(policy) : null,
        };
        if (before is null || !GoesOn(before, next))
        {
            var ended = _gone.GetValueOrDefault(instance.Id);
            _gone[instance.Id] = new CancellationTokenSource();
            next = next with { Incarnation = ++_incarnations, Gone = _gone[instance.Id].Token };
            _byId[instance.Id] = next;
            ended?.Cancel();
        }
        else
        {
            _byId[instance.Id] = next;
        }
        if (next.MayAnswer)
            Answer(next);
        _idByName.Set(instance.Id, instance.CreatedAt, new Dictionary<string, string> { [instance.Spec.Name] = instance.Id });
    }

    public void Remove(string id)
    {
        _idByName.Remove(id);
        _byId.TryRemove(id, out _);
        _awaited.TryRemove(id, out _);
        lock (_gate)
            _ids.Remove(id);
        if (_gone.Remove(id, out var ended))
            ended.Cancel();
    }

    private void Answer(Target target)
    {
        if (_awaited.TryRemove(target.Id, out var awaited))
            awaited.TrySetResult(target);
    }

    private string? IdWithPrefix(string prefix)
    {
        if (prefix.Length < ShortestPrefix)
            return null;
        lock (_gate)
        {
            using var from = _ids.GetViewBetween(prefix, prefix + char.MaxValue).GetEnumerator();
            return from.MoveNext() && from.Current is var only && !from.MoveNext() ? only : null;
        }
    }

    private static bool GoesOn(Target before, Target next) =>
        before.MayAnswer == next.MayAnswer
        && before.Home == next.Home && before.Ip == next.Ip && before.StartedAt == next.StartedAt;
}
