namespace Hypeman.NodeRuntime.Images.Oci;

/// <summary>The media types of images, Docker's and the OCI's.</summary>
internal static class MediaTypes
{
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    public const string DockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

    private const string SchemaOnePrefix = "application/vnd.docker.distribution.manifest.v1+";

    /// <summary>What is asked for when a manifest is fetched.</summary>
    public static IReadOnlyList<string> Manifests { get; } = [OciIndex, OciManifest, DockerIndex, DockerManifest];

    public static bool IsManifest(string? mediaType) =>
        mediaType is not null && (Manifests.Contains(mediaType) || IsSchemaOne(mediaType));

    public static bool IsSchemaOne(string? mediaType) =>
        mediaType?.StartsWith(SchemaOnePrefix, StringComparison.Ordinal) == true;

    public static bool IsImageConfig(string mediaType) => mediaType is
        "application/vnd.oci.image.config.v1+json" or "application/vnd.docker.container.image.v1+json";

    public static bool IsLayer(string mediaType) => mediaType is
        "application/vnd.oci.image.layer.v1.tar"
        or "application/vnd.oci.image.layer.v1.tar+gzip"
        or "application/vnd.oci.image.layer.v1.tar+zstd"
        or "application/vnd.oci.image.layer.nondistributable.v1.tar"
        or "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
        or "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"
        or "application/vnd.docker.image.rootfs.diff.tar"
        or "application/vnd.docker.image.rootfs.diff.tar.gzip"
        or "application/vnd.docker.image.rootfs.diff.tar.zstd"
        or "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
}
