using Hypeman.Client.Http;
using Hypeman.Client.Instances;

namespace Hypeman.Client.Snapshots;

/// <summary>Snapshots, by their ids; instances by id, name, or the unique beginning of an id.</summary>
public sealed class SnapshotsClient
{
    private readonly ApiConnection _api;

    internal SnapshotsClient(ApiConnection api) => _api = api;

    public Task<Snapshot> CreateAsync(string instance, CreateSnapshot wish, CancellationToken cancellationToken) =>
        _api.PostAsync<CreateSnapshot, Snapshot>(InstancesClient.Path(instance, "snapshots"), wish, cancellationToken);

    /// <param name="instanceId">Only those of this instance; null for all.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public Task<List<Snapshot>> ListAsync(string? instanceId, CancellationToken cancellationToken) => _api.GetAsync<List<Snapshot>>(
        "snapshots" + (instanceId is null ? "" : "?source_instance_id=" + Uri.EscapeDataString(instanceId)), cancellationToken);

    public Task<Snapshot> GetAsync(string id, CancellationToken cancellationToken) => _api.GetAsync<Snapshot>(Path(id), cancellationToken);

    public Task DeleteAsync(string id, CancellationToken cancellationToken) => _api.DeleteAsync(Path(id), cancellationToken);

    /// <summary>Has the snapshot's own instance go back to it.</summary>
    public Task<Instance> RestoreAsync(string instance, string id, RestoreSnapshot wish, CancellationToken cancellationToken) =>
        _api.PostAsync<RestoreSnapshot, Instance>(
            $"{InstancesClient.Path(instance, "snapshots")}/{Uri.EscapeDataString(id)}/restore", wish, cancellationToken);

    /// <summary>Makes an instance from it.</summary>
    public Task<Instance> ForkAsync(string id, ForkSnapshot wish, CancellationToken cancellationToken) =>
        _api.PostAsync<ForkSnapshot, Instance>(Path(id) + "/fork", wish, cancellationToken);

    /// <summary>Has snapshots of an instance taken again and again, or changes how.</summary>
    public Task<SnapshotSchedule> SetScheduleAsync(string instance, SetSchedule wish, CancellationToken cancellationToken) =>
        _api.PutAsync<SetSchedule, SnapshotSchedule>(InstancesClient.Path(instance, "snapshot-schedule"), wish, cancellationToken);

    public Task<SnapshotSchedule> GetScheduleAsync(string instance, CancellationToken cancellationToken) =>
        _api.GetAsync<SnapshotSchedule>(InstancesClient.Path(instance, "snapshot-schedule"), cancellationToken);

    public Task DeleteScheduleAsync(string instance, CancellationToken cancellationToken) =>
        _api.DeleteAsync(InstancesClient.Path(instance, "snapshot-schedule"), cancellationToken);

    private static string Path(string id) => $"snapshots/{Uri.EscapeDataString(id)}";
}
