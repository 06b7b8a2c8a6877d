using Orleans.Concurrency;

namespace Hypeman.Contracts.Snapshots.Schedules;

/// <summary>
/// The schedule of one instance's snapshots, under the id of the instance. It lives on no node, and outlives the instance
/// until the snapshots that it took are gone.
/// </summary>
[Alias("hypeman.snapshot-schedule")]
public interface ISnapshotScheduleGrain : IGrainWithStringKey
{
    /// <exception cref="Errors.HypemanException"><c>not_found</c></exception>
    [Alias("Get"), AlwaysInterleave] Task<ScheduleInfo> GetAsync();

    /// <summary>Makes it or changes it. Only another interval begins to count anew.</summary>
    [Alias("Set")] Task<ScheduleInfo> SetAsync(ScheduleSpec spec);

    /// <summary>Ends it; its snapshots stay.</summary>
    /// <exception cref="Errors.HypemanException"><c>not_found</c></exception>
    [Alias("Delete")] Task DeleteAsync();
}
