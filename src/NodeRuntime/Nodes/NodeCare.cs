using Hypeman.NodeRuntime.Logs;
using Hypeman.NodeRuntime.Vms;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Nodes;

/// <summary>What is done on a running node again and again: asking hypervisors how they do, sweeping, rotating logs.</summary>
internal sealed class NodeCare : IAsyncDisposable
{
    private readonly VmHost vms;
    private readonly VmSweeper sweeper;
    private readonly VmContext host;
    private readonly ILogger log;
    private readonly LogRotation rotation;
    private readonly CancellationTokenSource stop = new();
    private readonly Task running;

    internal NodeCare(VmHost vms, VmSweeper sweeper, VmContext host, NodeSettings settings, ILoggerFactory logs)
    {
        (this.vms, this.sweeper, this.host, log) = (vms, sweeper, host, logs.CreateLogger<NodeCare>());
        rotation = new LogRotation(ListLogs, settings.Logs, host.Time, logs.CreateLogger<LogRotation>());
        running = Task.WhenAll(
            EveryAsync(settings.Runtime.Value.CheckInterval, CheckAsync),
            EveryAsync(settings.Logs.Value.Interval, () =>
            {
                rotation.RotateAll();
                return Task.CompletedTask;
            }));
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        rotation.Dispose();
        stop.Dispose();
    }

    private IEnumerable<string> ListLogs() => vms.Ids.Select(host.Layout.Vm)
        .SelectMany(vm => (string[])[vm.ConsoleLog, vm.VmmLog, vm.OperationsLog]);

    private Task CheckAsync()
    {
        vms.ProbeAll();
        return sweeper.SweepAsync();
    }

    private async Task EveryAsync(TimeSpan interval, Func<Task> action)
    {
        using var timer = new PeriodicTimer(interval, host.Time);
        while (await timer.WaitForNextTickAsync(stop.Token))
        {
            try
            {
                await action();
            }
            catch (Exception e)
            {
                log.LogError(e, "A check of this node failed; the next one is in {Interval}", interval);
            }
        }
    }
}
