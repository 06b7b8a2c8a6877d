using Hypeman.Tests.Chaos.Faults;

namespace Hypeman.Tests.Chaos;

/// <summary>What is broken now, and what went wrong so far that must not have. For all loops at once.</summary>
internal sealed class Situation(Action<string> say, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly List<string> _violations = [];
    private readonly long _startedAt = time.GetTimestamp();
    private volatile Broken? _broken;
    private int _calls;
    private int _refused;

    /// <summary>What is broken, or not yet found well again; null when all must work.</summary>
    public Broken? Broken => _broken;

    public IReadOnlyList<string> Violations
    {
        get
        {
            lock (_gate)
                return [.. _violations];
        }
    }

    /// <summary>Calls so far, and how many of them were refused with a clear error.</summary>
    public (int All, int Refused) Calls => (Volatile.Read(ref _calls), Volatile.Read(ref _refused));

    public TimeProvider Time => time;

    public void Break(Fault fault) => _broken = new Broken(fault, time.GetTimestamp());

    public void Mended() => _broken = null;

    public void Count(bool refused)
    {
        Interlocked.Increment(ref _calls);
        if (refused)
            Interlocked.Increment(ref _refused);
    }

    public void Violated(string what)
    {
        lock (_gate)
            _violations.Add(what);
        Say($"WRONG: {what}");
    }

    public void Say(string words) => say($"[{time.GetElapsedTime(_startedAt):mm\\:ss\\.f}] {words}");
}

/// <summary>A fault that is in force.</summary>
/// <param name="Fault">Which.</param>
/// <param name="Since">Timestamp of the moment before it was made.</param>
internal sealed record Broken(Fault Fault, long Since)
{
    private readonly TaskCompletionSource<long> _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Timestamp of the first right answer about an instance of an affected node; ends when there was one.</summary>
    public Task<long> Answered => _answered.Task;

    public void AnsweredNow(long timestamp) => _answered.TrySetResult(timestamp);
}
