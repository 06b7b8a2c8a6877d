using Hypeman.Contracts.Errors;
using Hypeman.Grains.Records;

namespace Hypeman.Grains.Nodes.Draining;

/// <summary>What failed in one drain, and how often. Forgotten with our process: then it is tried again.</summary>
/// <param name="mostAttempts">Of one thing.</param>
/// <param name="patience">For nodes that are away to be back, before what needs them is left.</param>
/// <param name="clock">The time.</param>
internal sealed class DrainFailures(int mostAttempts, TimeSpan patience, GrainClock clock)
{
    /// <summary>Nodes are not asked again and again for the same thing.</summary>
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, (int Count, string Reason)> _failed = [];
    private readonly Dictionary<string, (DateTimeOffset Until, string Reason)> _refused = [];
    private DateTimeOffset? _noneSince;

    /// <summary>A move was tried and did not come about.</summary>
    public void Note(string id, string reason) => _failed[id] = (_failed.GetValueOrDefault(id).Count + 1, reason);

    /// <summary>No node takes it now. Whether that is worth waiting for: a node that is being restarted is soon back.</summary>
    public bool MayPass(string id, HypemanException none)
    {
        if (none.Kind == ErrorKind.Unavailable && clock.Now - (_noneSince ??= clock.Now) < patience)
            return true;
        _refused[id] = (clock.Now + AskAgain, none.Message);
        return false;
    }

    /// <summary>There are nodes that take something.</summary>
    public void HasTarget() => _noneSince = null;

    /// <summary>Why it is not tried; null when it is.</summary>
    public string? WhyNot(string id) =>
        _failed.TryGetValue(id, out var failed) && failed.Count >= mostAttempts ? $"{failed.Reason} ({failed.Count} attempts)"
        : _refused.TryGetValue(id, out var refused) && clock.Now < refused.Until ? refused.Reason
        : null;
}
