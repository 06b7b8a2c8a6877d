using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Grains.Errors;
using Hypeman.Grains.Nodes;
using Hypeman.Grains.Records;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Vms;
using Microsoft.Extensions.Logging;
using GuestRequest = Hypeman.Contracts.Instances.GuestRequest;

namespace Hypeman.Grains.Instances;

/// <summary>The inside of one instance: sessions with its guest, and what it logs.</summary>
internal sealed class InstanceGuest(InstanceRecord record, LocalNodes local, GrainClock clock, ILogger logger)
{
    private static readonly TimeSpan StatPatience = TimeSpan.FromSeconds(10);

    private readonly GuestSessions _sessions = new(clock, logger);

    public IAsyncEnumerable<GuestOutput> OpenAsync(string sessionId, GuestRequest request, CancellationToken cancellationToken) =>
        _sessions.OpenAsync(RunningVms(), Id, sessionId, request, cancellationToken)
            .Expected(logger, $"a guest session of instance {Id}", cancellationToken);

    public Task<bool> SendAsync(string sessionId, GuestInput input) => _sessions.SendAsync(sessionId, input);

    public async Task<GuestPathInfo> StatAsync(string path, bool followLinks)
    {
        using var patience = new CancellationTokenSource(StatPatience, clock.Time);
        var request = new StatRequest { Path = path, FollowLinks = followLinks };
        try
        {
            return (await RunningVms().StatAsync(Id, request, patience.Token)).ToPathInfo();
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw new HypemanException(
                ErrorKind.TimedOut, "timeout", $"the guest did not answer within {StatPatience.TotalSeconds:0} seconds");
        }
    }

    public IAsyncEnumerable<LogLines> ReadLogAsync(LogQuery query, CancellationToken cancellationToken) =>
        InstanceLog.ReadAsync(local.Require(record.Required.Home).Vms, Id, query, cancellationToken)
            .Expected(logger, $"a log of instance {Id}", cancellationToken);

    /// <summary>Ends every session, as the activation ends.</summary>
    public void End() => _sessions.End();

    private string Id => record.Required.Id;

    private IVmHost RunningVms()
    {
        var vms = local.Require(record.Required.Home).Vms;
        InstanceLifecycle.RequireRunning(record.Required);
        return vms;
    }
}
