using Hypeman.Contracts.Certificates;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Ingresses;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Nodes;
using Hypeman.Contracts.Snapshots;
using Hypeman.Contracts.Snapshots.Schedules;

namespace Hypeman.Contracts;

/// <summary>
/// Grain keys carry a prefix of their kind: Orleans' storage takes a key that reads as a hexadecimal number for that
/// number, and would let two kinds share a row.
/// </summary>
public static class GrainKeys
{
    public const string InstancePrefix = "i-";
    public const string ImagePrefix = "m-";
    public const string IngressPrefix = "g-";
    public const string NodePrefix = "n-";
    public const string SnapshotPrefix = "s-";
    public const string SchedulePrefix = "c-";
    public const string CertificatePrefix = "t-";

    public static IInstanceGrain Instance(this IGrainFactory grains, string id) =>
        grains.GetGrain<IInstanceGrain>(InstancePrefix + id);

    public static IImageGrain Image(this IGrainFactory grains, string normalizedName) =>
        grains.GetGrain<IImageGrain>(ImagePrefix + normalizedName);

    public static IIngressGrain Ingress(this IGrainFactory grains, string id) =>
        grains.GetGrain<IIngressGrain>(IngressPrefix + id);

    /// <param name="grains">Of the fleet.</param>
    /// <param name="name">A hostname, or <c>*.</c> and one.</param>
    public static ICertificateGrain Certificate(this IGrainFactory grains, string name) =>
        grains.GetGrain<ICertificateGrain>(CertificatePrefix + name);

    public static INodeGrain Node(this IGrainFactory grains, string id) =>
        grains.GetGrain<INodeGrain>(NodePrefix + id);

    public static ISnapshotGrain Snapshot(this IGrainFactory grains, string id) =>
        grains.GetGrain<ISnapshotGrain>(SnapshotPrefix + id);

    /// <summary>The schedule of an instance's snapshots.</summary>
    public static ISnapshotScheduleGrain SnapshotSchedule(this IGrainFactory grains, string instanceId) =>
        grains.GetGrain<ISnapshotScheduleGrain>(SchedulePrefix + instanceId);

    public static ISnapshotFactoryGrain SnapshotFactory(this IGrainFactory grains) =>
        grains.GetGrain<ISnapshotFactoryGrain>(0);

    public static INodeCatalogGrain NodeCatalog(this IGrainFactory grains) =>
        grains.GetGrain<INodeCatalogGrain>(0);

    public static IInstanceFactoryGrain InstanceFactory(this IGrainFactory grains) =>
        grains.GetGrain<IInstanceFactoryGrain>(0);

    public static IImageCatalogGrain ImageCatalog(this IGrainFactory grains) =>
        grains.GetGrain<IImageCatalogGrain>(0);

    /// <summary>Orleans' own; any silo answers it.</summary>
    public static IManagementGrain Management(this IGrainFactory grains) =>
        grains.GetGrain<IManagementGrain>(0);
}
