using Hypeman.NodeRuntime.Logs;
using Hypeman.NodeRuntime.Vms;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Nodes;

/// <summary>What is done on a running node again and again: asking hypervisors how they do, sweeping, rotating logs.</summary>
internal sealed class NodeCare : IAsyncDisposable
{
    private readonly VmHost _vms;
    private readonly VmSweeper _sweeper;
    private readonly VmContext _host;
    private readonly ILogger _log;
    private readonly LogRotation _rotation;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    internal NodeCare(VmHost vms, VmSweeper sweeper, VmContext host, NodeSettings settings, ILoggerFactory logs)
    {
        (_vms, _sweeper, _host, _log) = (vms, sweeper, host, logs.CreateLogger<NodeCare>());
        _rotation = new LogRotation(ListLogs, settings.Logs, host.Time, logs.CreateLogger<LogRotation>());
        _running = Task.WhenAll(
            EveryAsync(settings.Runtime.Value.CheckInterval, CheckAsync),
            EveryAsync(settings.Logs.Value.Interval, () =>
            {
                _rotation.RotateAll();
                return Task.CompletedTask;
            }));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _rotation.Dispose();
        _stop.Dispose();
    }

    private IEnumerable<string> ListLogs() => _vms.Ids.Select(_host.Layout.Vm)
        .SelectMany(vm => (string[])[vm.ConsoleLog, vm.VmmLog, vm.OperationsLog]);

    private Task CheckAsync()
    {
        _vms.ProbeAll();
        return _sweeper.SweepAsync();
    }

    private async Task EveryAsync(TimeSpan interval, Func<Task> action)
    {
        using var timer = new PeriodicTimer(interval, _host.Time);
        while (await timer.WaitForNextTickAsync(_stop.Token))
        {
            try
            {
                await action();
            }
            catch (Exception e)
            {
                _log.LogError(e, "A check of this node failed; the next one is in {Interval}", interval);
            }
        }
    }
}
