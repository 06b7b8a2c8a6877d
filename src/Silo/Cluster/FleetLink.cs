using Hypeman.Gateway.Health;

namespace Hypeman.Silo.Cluster;

/// <summary>Whether this process, which is no silo, is connected to one. Orleans keeps it so and tells us.</summary>
internal sealed class FleetLink(ILogger<FleetLink> logger)
    : IFleetLink, IClusterConnectionStatusObserver, ILifecycleParticipant<IClusterClientLifecycle>
{
    private volatile bool _isUp;

    public bool IsUp => _isUp;

    public void Participate(IClusterClientLifecycle lifecycle) => lifecycle.Subscribe(
        nameof(FleetLink), ServiceLifecycleStage.Active, _ => Set(true), _ => Set(false));

    public void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered) =>
        Set(currentNumberOfGateways > 0);

    public void NotifyClusterConnectionLost() => Set(false);

    private Task Set(bool isUp)
    {
        if (isUp && !_isUp)
            logger.LogInformation("Connected to the fleet's silos");
        else if (_isUp && !isUp)
            logger.LogWarning("No silo of the fleet can be reached; requests are refused until one can");
        _isUp = isUp;
        return Task.CompletedTask;
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
