using Hypeman.Contracts.Certificates;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Ingresses;
using Hypeman.Contracts.Instances;
using Hypeman.Ingress.Certificates;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hypeman.Ingress.Routing;

/// <summary>
/// The only writer of the tables: follows the resource index for as long as the process lives. While the index is
/// away, traffic goes on with what was known last.
/// </summary>
internal sealed class RouteFeed(
    IResourceIndex index, RouteTable routes, InstanceTable instances, CertificateTable certificates, TimeProvider time, ILogger<RouteFeed> logger)
    : BackgroundService
{
    private readonly HashSet<(ResourceKind Kind, string Id)> _known = [];
    private readonly HashSet<(ResourceKind Kind, string Id)> _seen = [];

    /// <summary>True once all that the index held at the start is in the tables.</summary>
    public bool IsSynced { get; private set; }

    /// <summary>Whether it hears of changes now.</summary>
    public bool IsFollowing { get; private set; }

    /// <summary>Raised after the ports that rules are for may have changed; handlers must not block.</summary>
    public event Action? RoutesChanged;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                logger.LogWarning(e, "The resource index cannot be watched; routes stay as they are until it can");
            }
            IsFollowing = false;
            await Task.Delay(Limits.WatchRetry, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        _seen.Clear();
        await foreach (var change in index.WatchAsync([ResourceKind.Ingress, ResourceKind.Instance, ResourceKind.Certificate], cancellationToken))
        {
            if (change.Kind is { } kind)
                Apply(kind, change.Id!, change.Row);
            else
                ForgetUnseen();
            if (IsSynced && change.Kind is null or ResourceKind.Ingress)
                RoutesChanged?.Invoke();
        }
    }

    /// <summary>Removes what was deleted while nobody watched.</summary>
    private void ForgetUnseen()
    {
        foreach (var (kind, id) in _known.Except(_seen).ToList())
            Apply(kind, id, null);
        IsSynced = IsFollowing = true;
    }

    private void Apply(ResourceKind kind, string id, ResourceRow? row)
    {
        try
        {
            if (kind == ResourceKind.Ingress)
                Put<IngressInfo>(row, routes.Set, routes.Remove, (kind, id));
            else if (kind == ResourceKind.Certificate)
                Put<CertificateInfo>(row, certificates.Set, certificates.Remove, (kind, id));
            else
                Put<InstanceInfo>(row, instances.Set, instances.Remove, (kind, id));
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or NotSupportedException or FormatException)
        {
            // One unreadable row (of a newer version, say) must not take the routes of all others with it.
            logger.LogError(e, "The summary of {Kind} {Id} cannot be read; its last readable state stays", kind, id);
        }
    }

    private void Put<TInfo>(ResourceRow? row, Action<TInfo> set, Action<string> remove, (ResourceKind, string Id) key)
    {
        if (row is null)
        {
            remove(key.Id);
            _known.Remove(key);
            return;
        }
        _known.Add(key);
        _seen.Add(key);
        set(ResourceSummary.Read<TInfo>(row));
    }
}
