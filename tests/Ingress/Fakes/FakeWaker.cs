using System.Collections.Concurrent;
using Hypeman.Ingress.Waking;

namespace Hypeman.Tests.Ingress.Fakes;

/// <summary>Wakes what the test has it wake, and counts.</summary>
internal sealed class FakeWaker : IInstanceWaker
{
    public Func<string, CancellationToken, Task> Wake { get; set; } =
        (id, _) => throw new WakeFailedException($"{id} is not to be woken in this test", mayPass: false);

    public ConcurrentQueue<(string Id, bool FromStopped)> Wakes { get; } = new();

    public Task WakeAsync(string instanceId, bool fromStopped, CancellationToken cancellationToken)
    {
        Wakes.Enqueue((instanceId, fromStopped));
        return Wake(instanceId, cancellationToken);
    }
}
