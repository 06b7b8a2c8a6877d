using System.Text.Json;
using Hypeman.NodeRuntime.Errors;

namespace Hypeman.NodeRuntime.Images.Oci;

/// <summary>An image's config: what it was built for, what its layers contain, how its program runs.</summary>
internal sealed record ConfigDocument(Platform Platform, IReadOnlyList<Digest> DiffIds, ImageConfig Program)
{
    /// <exception cref="NodeException">Invalid, with what is wrong.</exception>
    public static ConfigDocument Parse(ReadOnlySpan<byte> content)
    {
        try
        {
            var json = JsonSerializer.Deserialize(content, OciJson.Default.ConfigJson) ?? throw new JsonException("it is null");
            return new ConfigDocument(
                new Platform(json.Os ?? "", json.Architecture ?? "", string.IsNullOrEmpty(json.Variant) ? null : json.Variant),
                [.. (json.Rootfs?.DiffIds ?? []).Select(Digest.Parse)],
                ReadProgram(json.Config ?? new ProgramJson()));
        }
        catch (Exception failure) when (failure is JsonException or FormatException)
        {
            throw new NodeException(NodeErrorKind.Invalid, $"The image's config cannot be read: {failure.Message}.", inner: failure);
        }
    }

    /// <exception cref="NodeException">Invalid: it is for another platform, or belongs to other layers.</exception>
    public void CheckFits(Platform platform, ImageManifest manifest)
    {
        if (!platform.Runs(Platform))
            throw new NodeException(NodeErrorKind.Invalid, $"The image is for {Platform}, and {platform} is wanted.");
        if (DiffIds.Count != manifest.Layers.Count)
            throw new NodeException(NodeErrorKind.Invalid,
                $"The image's manifest has {manifest.Layers.Count} layers, but its config {DiffIds.Count}.");
    }

    private static ImageConfig ReadProgram(ProgramJson json)
    {
        var environment = new Dictionary<string, string>();
        foreach (var variable in json.Env ?? [])
            if (variable.IndexOf('=') is > 0 and var equals)
                environment[variable[..equals]] = variable[(equals + 1)..];
        return new ImageConfig
        {
            Entrypoint = json.Entrypoint,
            Cmd = json.Cmd,
            Env = environment,
            WorkingDir = NullIfEmpty(json.WorkingDir),
            User = NullIfEmpty(json.User),
            StopSignal = NullIfEmpty(json.StopSignal),
        };
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
