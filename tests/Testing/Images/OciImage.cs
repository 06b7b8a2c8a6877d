using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Hypeman.Tests.Testing.Images;

/// <summary>An image as a set of blobs; one of them is its manifest.</summary>
/// <param name="ManifestDigest"><c>sha256:...</c>.</param>
/// <param name="MediaType">Of the manifest.</param>
/// <param name="Platform">For example <c>linux/amd64</c>.</param>
/// <param name="Blobs">By digest, the manifest among them.</param>
public sealed record OciImage(string ManifestDigest, string MediaType, string Platform, IReadOnlyDictionary<string, byte[]> Blobs)
{
    public const string IndexMediaType = "application/vnd.oci.image.index.v1+json";

    public byte[] Manifest => Blobs[ManifestDigest];

    public static string DigestOf(ReadOnlySpan<byte> content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>Writes an OCI layout: what <c>skopeo copy oci:DIRECTORY:TAG</c> reads.</summary>
    public void WriteLayout(string directory, string tag = "latest")
    {
        var blobs = Directory.CreateDirectory(Path.Combine(directory, "blobs", "sha256")).FullName;
        foreach (var (digest, content) in Blobs)
            File.WriteAllBytes(Path.Combine(blobs, digest["sha256:".Length..]), content);
        File.WriteAllText(Path.Combine(directory, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
        var entry = Descriptor();
        entry["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = tag };
        File.WriteAllBytes(Path.Combine(directory, "index.json"), IndexOf(entry));
    }

    /// <summary>One image for several platforms: the index, and the blobs of all.</summary>
    public static OciImage Combine(params OciImage[] images)
    {
        var index = IndexOf([.. images.Select(image => image.Descriptor())]);
        var blobs = images.SelectMany(image => image.Blobs).DistinctBy(blob => blob.Key).ToDictionary();
        blobs[DigestOf(index)] = index;
        return new OciImage(DigestOf(index), IndexMediaType, "", blobs);
    }

    private JsonObject Descriptor()
    {
        var descriptor = new JsonObject { ["mediaType"] = MediaType, ["digest"] = ManifestDigest, ["size"] = Manifest.Length };
        if (Platform.Split('/') is [var os, var architecture, ..])
            descriptor["platform"] = new JsonObject { ["os"] = os, ["architecture"] = architecture };
        return descriptor;
    }

    private static byte[] IndexOf(params JsonNode[] manifests) => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = IndexMediaType,
        ["manifests"] = new JsonArray([.. manifests]),
    }.ToJsonString());
}
