using Hypeman.Contracts.Ingresses;
using Hypeman.Ingress.Routing;
using Hypeman.Ingress.Traffic;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Hypeman.Ingress.Waking;

/// <summary>
/// Where requests wait for instances that sleep: one wake for all that wait for the same instance, so many and no more, and
/// for so long. Who leaves does not end the wake, for the next is already on the way.
/// </summary>
internal sealed class WakeRoom(
    IInstanceWaker waker, InstanceTable instances, IngressMetrics metrics, IOptions<IngressOptions> options, TimeProvider time, ILogger<WakeRoom> logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Wake> _wakes = [];
    private int _waiting;

    /// <summary>How many requests wait.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Waits until the instance may answer.</summary>
    /// <exception cref="WakeFailedException">It does not run, or too many wait.</exception>
    /// <exception cref="OperationCanceledException">The request was given up.</exception>
    public async Task<Target> EnterAsync(string instanceId, Route route, CancellationToken aborted)
    {
        var wake = Join(instanceId, route);
        try
        {
            return await wake.Running.WaitAsync(aborted);
        }
        finally
        {
            Leave(wake);
        }
    }

    private Wake Join(string instanceId, Route route)
    {
        lock (_gate)
        {
            var found = _wakes.TryGetValue(instanceId, out var wake);
            if (_waiting >= options.Value.MaxWaiting || wake?.Waiting >= options.Value.MaxWaitingPerInstance)
                throw new WakeFailedException("too many requests wait for it already", mayPass: true);
            if (!found)
            {
                wake = new Wake();
                _wakes[instanceId] = wake;
                wake.Running = Task.Run(() => RunAsync(instanceId, route));
            }
            wake!.Waiting++;
            _waiting++;
            return wake;
        }
    }

    private void Leave(Wake wake)
    {
        lock (_gate)
        {
            wake.Waiting--;
            _waiting--;
        }
    }

    private async Task<Target> RunAsync(string instanceId, Route route)
    {
        using var deadline = new CancellationTokenSource(options.Value.WakeTimeout, time);
        var (began, outcome) = (time.GetTimestamp(), "failed");
        try
        {
            await waker.WakeAsync(instanceId, route.Wake == WakeOn.Stopped, deadline.Token);
            var target = await instances.AnswersAsync(instanceId, deadline.Token);
            outcome = "awake";
            logger.LogInformation("A request has woken instance {Instance} in {Milliseconds:0} ms", instanceId, time.GetElapsedTime(began).TotalMilliseconds);
            return target;
        }
        catch (WakeFailedException failure)
        {
            outcome = "refused";
            logger.LogWarning("Instance {Instance} was not woken: {Reason}", instanceId, failure.Message);
            throw;
        }
        catch (OperationCanceledException)
        {
            outcome = "late";
            logger.LogWarning("Instance {Instance} did not wake within {Seconds:0} s", instanceId, options.Value.WakeTimeout.TotalSeconds);
            throw new WakeFailedException("it did not wake in time", mayPass: true);
        }
        catch (Exception error)
        {
            logger.LogWarning(error, "Instance {Instance} could not be woken", instanceId);
            throw new WakeFailedException("it could not be asked to wake", mayPass: true);
        }
        finally
        {
            metrics.Woke(route, time.GetElapsedTime(began), outcome);
            lock (_gate)
                _wakes.Remove(instanceId);
        }
    }

    private sealed class Wake
    {
        public Task<Target> Running { get; set; } = null!;
        public int Waiting { get; set; }
    }
}
