using Hypeman.Contracts.Instances.Policies;
using Hypeman.Contracts.Snapshots;
using Orleans.Concurrency;

namespace Hypeman.Contracts.Instances;

/// <summary>
/// One instance. Its activation lives on the silo of the node that holds the instance, so the way to the
/// hypervisor is a method call. Commands are checked, written and begun, then return at once: follow
/// <see cref="WatchAsync"/> for the outcome.
/// </summary>
[Alias("hypeman.instance")]
public interface IInstanceGrain : IGrainWithStringKey
{
    /// <summary>Makes the instance and begins to boot it.</summary>
    /// <exception cref="Errors.HypemanException"><c>name_conflict</c> when the name is taken.</exception>
    [Alias("Create")] Task<InstanceInfo> CreateAsync(InstanceOrder order);

    /// <exception cref="Errors.HypemanException"><c>not_found</c> when there is no such instance.</exception>
    [Alias("Get"), AlwaysInterleave] Task<InstanceInfo> GetAsync();

    [Alias("Start")] Task<InstanceInfo> StartAsync(InstanceStartSpec spec);

    [Alias("Stop")] Task<InstanceInfo> StopAsync();

    /// <summary>Begins to save the memory of a running instance and to end its VM.</summary>
    [Alias("Standby")] Task<InstanceInfo> StandbyAsync(StandbySpec? spec = null);

    /// <summary>Begins to have an instance in standby go on from where it was.</summary>
    [Alias("Restore")] Task<InstanceInfo> RestoreAsync();

    /// <summary>Changes what it was asked for, in any phase.</summary>
    /// <exception cref="Errors.HypemanException"><c>instance_expired</c>, <c>invalid_state</c>, <c>invalid_expires_at</c>.</exception>
    [Alias("Update")] Task<InstanceInfo> UpdateAsync(InstanceUpdate update);

    /// <summary>How far it is from being put to sleep by itself.</summary>
    [Alias("AutoStandby"), AlwaysInterleave] Task<AutoStandbyStatus> AutoStandbyAsync();

    /// <summary>Keeps it from being put to sleep by itself for as long as it may be idle; of one that is not, changes nothing.</summary>
    /// <exception cref="Errors.HypemanException"><c>instance_in_standby</c>: it sleeps already, or soon does.</exception>
    [Alias("Hold")] Task<AutoStandbyStatus> HoldAsync();

    /// <summary>Begins the deletion, from any phase; it is over when <see cref="GetAsync"/> says <c>not_found</c>.</summary>
    [Alias("Delete")] Task DeleteAsync(bool graceful);

    /// <summary>The present info, then every change; ends when the instance is gone.</summary>
    [Alias("Watch")] IAsyncEnumerable<InstanceInfo> WatchAsync(CancellationToken cancellationToken);

    /// <summary>
    /// One info: the first that says that an operation has come to its goal or failed; when the instance goes before, the
    /// last one there was, if any. A single call, where a watch takes one for each change.
    /// </summary>
    [Alias("Follow")] IAsyncEnumerable<InstanceInfo> FollowAsync(InstanceGoal goal, CancellationToken cancellationToken);

    /// <summary>
    /// Opens a session with the guest agent and streams what comes back until its last message. The caller picks the
    /// session id and may send input as soon as the first message, <see cref="GuestOpened"/>, has come. Disposing
    /// the enumeration ends the session and what it runs.
    /// </summary>
    [Alias("OpenGuest")]
    IAsyncEnumerable<GuestOutput> OpenGuestAsync(string sessionId, GuestRequest request, CancellationToken cancellationToken);

    /// <summary>Sends input to an open session. False: the guest is not reading; nothing was taken, try again.</summary>
    /// <exception cref="Errors.HypemanException"><c>not_found</c> when no such session is open (any more).</exception>
    [Alias("SendGuest"), AlwaysInterleave] Task<bool> SendGuestAsync(string sessionId, GuestInput input);

    [Alias("Stat"), AlwaysInterleave] Task<GuestPathInfo> StatAsync(string path, bool followLinks);

    /// <exception cref="Errors.HypemanException"><c>unavailable</c> while its node is away.</exception>
    [Alias("Stats"), AlwaysInterleave] Task<InstanceStats> StatsAsync();

    /// <summary>Lines of a log, oldest first, in batches; goes on with new lines when <c>Follow</c> is set.</summary>
    [Alias("ReadLog")] IAsyncEnumerable<LogLines> ReadLogAsync(LogQuery query, CancellationToken cancellationToken);

    /// <summary>News from the node about this instance's VM. Never awaited by the node.</summary>
    [Alias("Observe"), OneWay] Task ObserveAsync(VmObservation observation);
}

/// <summary>
/// Where instances are made: finds the image and a node with room, then makes the instance there. One per silo,
/// holds no state.
/// </summary>
[Alias("hypeman.instance-factory")]
public interface IInstanceFactoryGrain : IGrainWithIntegerKey
{
    /// <exception cref="Errors.HypemanException">
    /// <c>image_not_ready</c>, <c>not_found</c>, <c>invalid_name</c>, <c>insufficient_resources</c>, <c>name_conflict</c>.
    /// </exception>
    [Alias("Create")] Task<InstanceInfo> CreateAsync(InstanceSpec spec);

    /// <summary>Begins to make an instance as a copy of another one.</summary>
    /// <exception cref="Errors.HypemanException">
    /// <c>not_found</c>, <c>invalid_state</c>, <c>invalid_request</c>, <c>insufficient_resources</c>, <c>name_conflict</c>, <c>not_supported</c>.
    /// </exception>
    [Alias("Fork")] Task<InstanceInfo> ForkAsync(string sourceId, ForkSpec spec);

    /// <summary>Begins to move an instance to another node.</summary>
    /// <returns>What it was before it set out.</returns>
    /// <exception cref="Errors.HypemanException">
    /// <c>not_found</c>, <c>invalid_state</c>, <c>invalid_request</c>, <c>insufficient_resources</c>, <c>unavailable</c>.
    /// </exception>
    [Alias("Move")] Task<InstanceInfo> MoveAsync(string id, MoveSpec spec);
}

/// <summary>All that an instance grain needs to make its instance: checked, resolved and placed.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.instance-order")]
public sealed record InstanceOrder
{
    [Id(0)] public required InstanceSpec Spec { get; init; }
    [Id(1)] public required Images.ImageInfo Image { get; init; }
    [Id(2)] public required string Home { get; init; }

    /// <summary>Null: it begins with nothing but its image.</summary>
    [Id(3)] public InstanceOrigin? Origin { get; init; }

    /// <summary>What it is to become: Running, or for a copy also Standby or Stopped.</summary>
    [Id(4)] public InstancePhase Target { get; init; } = InstancePhase.Running;
}
