using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Logs;
using Hypeman.NodeRuntime.Networks;
using Microsoft.Extensions.Options;

namespace Hypeman.NodeRuntime.Nodes;

/// <summary>All options of a node.</summary>
public sealed record NodeSettings(
    IOptions<NodeRuntimeOptions> Runtime,
    IOptions<NodeNetworkOptions> Network,
    IOptions<OverlayDiskOptions> Disks,
    IOptions<ImageOptions> Images,
    IOptions<LogRotationOptions> Logs);
