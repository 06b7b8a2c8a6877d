using Hypeman.NodeRuntime.Errors;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>Runs the steps of an order, each with a deadline, and keeps what each took.</summary>
/// <param name="order">What they are done for, for example <c>Starting the VM</c>.</param>
internal sealed class VmSteps(string order, string vmId, VmContext host, OperationsTrail trail)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly long _began = host.Time.GetTimestamp();
    private readonly Dictionary<string, double> _timings = [];

    /// <summary>Milliseconds by step.</summary>
    internal IReadOnlyDictionary<string, double> Timings
    {
        get
        {
            lock (_gate)
                return new Dictionary<string, double>(_timings);
        }
    }

    /// <param name="more">Added to the deadline of a step that may have much to do.</param>
    /// <exception cref="NodeException">TimedOut, or whatever the step fails with.</exception>
    internal async Task<T> RunAsync<T>(
        string name, Func<CancellationToken, Task<T>> step, CancellationToken cancellationToken, TimeSpan? more = null)
    {
        var deadline = Deadline + (more ?? TimeSpan.Zero);
        await host.BeforeStep(vmId, name, cancellationToken);
        var start = host.Time.GetTimestamp();
        using var late = new CancellationTokenSource(deadline, host.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            var result = await step(either.Token);
            Add(name, host.Time.GetElapsedTime(start));
            return result;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new NodeException(
                NodeErrorKind.TimedOut, $"{order} took too long: {name} did not end in {deadline.TotalSeconds:0} s.");
        }
    }

    internal Task RunAsync(
        string name, Func<CancellationToken, Task> step, CancellationToken cancellationToken, TimeSpan? more = null) =>
        RunAsync(name, async token =>
        {
            await step(token);
            return true;
        }, cancellationToken, more);

    /// <summary>Notes that something which nobody waited for has happened, with the time since the order began.</summary>
    internal void Reach(string name) => Add(name, host.Time.GetElapsedTime(_began));

    private void Add(string name, TimeSpan took)
    {
        lock (_gate)
            _timings[name] = Math.Round(took.TotalMilliseconds, 2);
        trail.Append($"{name}: {took.TotalMilliseconds:0.0} ms");
    }
}
