namespace Hypeman.NodeRuntime.Images;

/// <summary>Blobs of this host by digest: manifests, configs and layers as they came.</summary>
public sealed class BlobStore;
