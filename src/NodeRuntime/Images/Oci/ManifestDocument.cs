using System.Text.Json;
using Hypeman.NodeRuntime.Errors;

namespace Hypeman.NodeRuntime.Images.Oci;

/// <summary>Names bytes that are elsewhere.</summary>
internal sealed record Descriptor(string MediaType, Digest Digest, long Size, Platform? Platform);

/// <summary>What a reference leads to: the manifest of an image, or an index of manifests per platform.</summary>
internal abstract record ManifestDocument(string MediaType)
{
    /// <param name="content">The bytes as they came.</param>
    /// <param name="contentType">What their sender called them; the document's own word counts more.</param>
    /// <exception cref="NodeException">Invalid, with what is wrong; NotSupported for the schema of 2015.</exception>
    public static ManifestDocument Parse(ReadOnlySpan<byte> content, string? contentType)
    {
        ManifestJson json;
        try
        {
            json = JsonSerializer.Deserialize(content, OciJson.Default.ManifestJson) ?? throw new JsonException("it is null");
        }
        catch (JsonException failure)
        {
            throw Invalid($"is no JSON document of the right form ({failure.Message})");
        }
        var mediaType = json.MediaType ?? (MediaTypes.IsManifest(contentType) ? contentType : null);
        if (json.SchemaVersion == 1 || MediaTypes.IsSchemaOne(mediaType))
            throw new NodeException(NodeErrorKind.NotSupported,
                "The image has a manifest of schema 1, which is out of use since 2019. Push it again with a current tool.");
        if (json.SchemaVersion != 2)
            throw Invalid($"has schemaVersion {json.SchemaVersion}, 2 is expected");

        // A document that is both could mean one thing to us and another to whoever checked it.
        return (json.Manifests, json.Layers) switch
        {
            ({ } manifests, null) when json.Config is null => ReadIndex(manifests, mediaType),
            (null, { } layers) when json.Config is { } config => ReadManifest(config, layers, mediaType),
            _ => throw Invalid("must have either 'config' and 'layers', or 'manifests'"),
        };
    }

    private static ImageIndex ReadIndex(List<DescriptorJson> manifests, string? mediaType)
    {
        if (mediaType is not (null or MediaTypes.OciIndex or MediaTypes.DockerIndex))
            throw Invalid($"has 'manifests', but its media type is '{mediaType}'");
        return new ImageIndex(mediaType ?? MediaTypes.OciIndex, [.. manifests.Select(Read)]);
    }

    private static ImageManifest ReadManifest(DescriptorJson configJson, List<DescriptorJson> layersJson, string? mediaType)
    {
        if (mediaType is not (null or MediaTypes.OciManifest or MediaTypes.DockerManifest))
            throw Invalid($"has 'layers', but its media type is '{mediaType}'");
        if (layersJson.Count > ImageLimits.Layers)
            throw Invalid($"has {layersJson.Count} layers, at most {ImageLimits.Layers} are allowed");
        var config = Read(configJson);
        if (config.Size > ImageLimits.ConfigBytes)
            throw Invalid($"has a config of {config.Size} bytes, at most {ImageLimits.ConfigBytes} are allowed");
        return new ImageManifest(mediaType ?? MediaTypes.OciManifest, config, [.. layersJson.Select(Read)]);
    }

    private static Descriptor Read(DescriptorJson json)
    {
        if (!Digest.TryParse(json.Digest, out var digest))
            throw Invalid($"names '{json.Digest}', which is no sha256 digest");
        if (json.Size < 0)
            throw Invalid($"gives {digest} a negative size");
        var platform = json.Platform is { Os: { } os, Architecture: { } architecture }
            ? new Platform(os, architecture, string.IsNullOrEmpty(json.Platform.Variant) ? null : json.Platform.Variant)
            : null;
        return new Descriptor(json.MediaType ?? "", digest, json.Size, platform);
    }

    private static NodeException Invalid(string what) => new(NodeErrorKind.Invalid, $"The image's manifest {what}.");
}

internal sealed record ImageIndex(string MediaType, IReadOnlyList<Descriptor> Manifests) : ManifestDocument(MediaType)
{
    /// <summary>The first one that runs on the platform, as other clients choose.</summary>
    /// <exception cref="NodeException">NotFound, with the platforms that are there.</exception>
    public Descriptor Choose(Platform platform) =>
        Manifests.FirstOrDefault(manifest => platform.Runs(manifest.Platform)) ?? throw new NodeException(
            NodeErrorKind.NotFound,
            $"The image is not there for {platform}, only for: {string.Join(", ", PlatformNames())}.");

    private List<string> PlatformNames()
    {
        var names = Manifests.Select(manifest => manifest.Platform).OfType<Platform>()
            .Where(platform => platform.Os != "unknown") // Attestations go under this name.
            .Select(platform => platform.ToString()).Distinct().ToList();
        return names.Count > 0 ? names : ["no platform"];
    }
}

internal sealed record ImageManifest(string MediaType, Descriptor Config, IReadOnlyList<Descriptor> Layers)
    : ManifestDocument(MediaType)
{
    /// <summary>The config and the layers.</summary>
    public IEnumerable<Descriptor> Parts => Layers.Prepend(Config);

    /// <exception cref="NodeException">Invalid: it is some other artifact, or its layers are of a kind that we cannot read.</exception>
    public void CheckIsImage()
    {
        if (!MediaTypes.IsImageConfig(Config.MediaType))
            throw new NodeException(NodeErrorKind.Invalid, $"This is no container image but an artifact of type '{Config.MediaType}'.");
        if (Layers.FirstOrDefault(layer => !MediaTypes.IsLayer(layer.MediaType)) is { } odd)
            throw new NodeException(NodeErrorKind.Invalid,
                $"Layer {odd.Digest} has the media type '{odd.MediaType}'; tar archives, plain or with gzip or zstd, are expected.");
    }
}
