using Hypeman.Contracts;
using Hypeman.Gateway.Health;

namespace Hypeman.Silo.Cluster;

/// <summary>Whether this process, which is no silo, is connected to one. Orleans keeps it so and tells us.</summary>
internal sealed class FleetLink(ILogger<FleetLink> logger)
    : IFleetLink, IClusterConnectionStatusObserver, ILifecycleParticipant<IClusterClientLifecycle>
{
    private volatile bool _isUp;
    private volatile bool _wasUp;
    private volatile bool _isLeaving;

    public bool IsUp => _isUp;

    /// <summary>It was up and is not any more.</summary>
    public bool IsLost => _wasUp && !_isUp;

    public void Participate(IClusterClientLifecycle lifecycle) => lifecycle.Subscribe(
        nameof(FleetLink), ServiceLifecycleStage.Active, _ => Set(true), _ => Leave());

    public void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered) =>
        Set(currentNumberOfGateways > 0);

    public void NotifyClusterConnectionLost() => Set(false);

    private Task Leave()
    {
        (_isLeaving, _isUp) = (true, false);
        return Task.CompletedTask;
    }

    private Task Set(bool isUp)
    {
        if (_isLeaving)
            return Task.CompletedTask;
        if (isUp && !_isUp)
            logger.LogInformation("Connected to the fleet's silos");
        else if (_isUp && !isUp)
            logger.LogWarning("No silo of the fleet can be reached; requests are refused until one can");
        (_isUp, _wasUp) = (isUp, _wasUp || isUp);
        return Task.CompletedTask;
    }
}

/// <summary>
/// Asks a silo for something while none is known to answer. Orleans connects again only when there is something to
/// send, and the API lets nothing through meanwhile.
/// </summary>
internal sealed class FleetProbe(FleetLink link, IGrainFactory grains, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            if (link.IsLost)
                await AskAsync(stoppingToken);
            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            await grains.Management().GetHosts(onlyActive: true, cancellationToken).WaitAsync(Patience, time, cancellationToken);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException or OperationCanceledException)
        {
            // There is none yet.
        }
    }
}

/// <summary>Lets a process that starts before any silo look for one until there is one.</summary>
internal sealed class FleetSearch(TimeProvider time, ILogger<FleetSearch> logger) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private bool _told;

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (!_told)
            logger.LogWarning("No silo of the fleet can be reached yet, looking on: {Reason}", exception.Message);
        _told = true;
        await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !cancellationToken.IsCancellationRequested;
    }
}
