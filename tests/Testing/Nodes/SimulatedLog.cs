using System.Runtime.CompilerServices;

namespace Hypeman.Tests.Testing.Nodes;

/// <summary>Lines that can be followed.</summary>
public sealed class SimulatedLog
{
    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Append(string line)
    {
        TaskCompletionSource more;
        lock (_gate)
        {
            _lines.Add(line);
            (more, _more) = (_more, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        more.TrySetResult();
    }

    public async IAsyncEnumerable<IReadOnlyList<string>> ReadAsync(
        int tail, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        int? next = null;
        while (true)
        {
            IReadOnlyList<string> batch;
            Task more;
            lock (_gate)
            {
                var from = next ?? Math.Max(0, _lines.Count - tail);
                (batch, more, next) = (_lines[from..], _more.Task, _lines.Count);
            }
            if (batch.Count > 0)
                yield return batch;
            if (!follow)
                yield break;
            await more.WaitAsync(cancellationToken);
        }
    }
}
