using System.Formats.Tar;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Hypeman.Client.Http;

namespace Hypeman.Client.Images;

public sealed record OciDescriptor
{
    public string MediaType { get; init; } = "";
    public required string Digest { get; init; }
    public long Size { get; init; }
}

/// <summary>The fields of a manifest or an index that a push needs; the document itself is sent as it is.</summary>
internal sealed record OciManifest
{
    [System.Text.Json.Serialization.JsonPropertyName("mediaType")]
    public string? MediaType { get; init; }

    [System.Text.Json.Serialization.JsonPropertyName("config")]
    public OciManifestPart? Config { get; init; }

    [System.Text.Json.Serialization.JsonPropertyName("layers")]
    public List<OciManifestPart>? Layers { get; init; }

    [System.Text.Json.Serialization.JsonPropertyName("manifests")]
    public List<OciManifestPart>? Manifests { get; init; }
}

internal sealed record OciManifestPart
{
    [System.Text.Json.Serialization.JsonPropertyName("mediaType")]
    public string? MediaType { get; init; }

    [System.Text.Json.Serialization.JsonPropertyName("digest")]
    public required string Digest { get; init; }

    [System.Text.Json.Serialization.JsonPropertyName("size")]
    public long Size { get; init; }

    [System.Text.Json.Serialization.JsonPropertyName("platform")]
    public OciPlatform? Platform { get; init; }
}

internal sealed record OciPlatform
{
    [System.Text.Json.Serialization.JsonPropertyName("os")]
    public string Os { get; init; } = "";

    [System.Text.Json.Serialization.JsonPropertyName("architecture")]
    public string Architecture { get; init; } = "";
}

/// <summary>One image in an OCI layout on disk: its manifest and the blobs it names.</summary>
public sealed class OciLayout : IDisposable
{
    private const string DefaultManifestType = "application/vnd.oci.image.manifest.v1+json";
    private readonly string _folder;
    private readonly bool _isOurs;

    private OciLayout(string folder, bool isOurs)
    {
        _folder = folder;
        _isOurs = isOurs;
    }

    public byte[] Manifest { get; private set; } = [];
    public string ManifestType { get; private set; } = DefaultManifestType;

    /// <summary>Config and layers, each once.</summary>
    public IReadOnlyList<OciDescriptor> Blobs { get; private set; } = [];

    /// <summary>Opens a layout folder, or a tar archive of one.</summary>
    /// <exception cref="InvalidDataException">It is neither; the message says what is missing.</exception>
    public static OciLayout Open(string path)
    {
        var layout = Directory.Exists(path) ? new OciLayout(path, isOurs: false) : new OciLayout(Unpack(path), isOurs: true);
        try
        {
            layout.ReadManifest(path);
            return layout;
        }
        catch
        {
            layout.Dispose();
            throw;
        }
    }

    public Stream OpenBlob(OciDescriptor blob) => File.OpenRead(PathOf(blob.Digest));

    public void Dispose()
    {
        if (_isOurs)
            Directory.Delete(_folder, recursive: true);
    }

    private static string Unpack(string path)
    {
        if (!File.Exists(path))
            throw new InvalidDataException($"{path} is not there: give an OCI layout folder or a tar archive of one.");
        var folder = Directory.CreateTempSubdirectory("hypeman-push-").FullName;
        try
        {
            TarFile.ExtractToDirectory(path, folder, overwriteFiles: false);
            return folder;
        }
        catch (Exception e) when (e is InvalidDataException or IOException or FormatException)
        {
            Directory.Delete(folder, recursive: true);
            throw new InvalidDataException($"{path} cannot be read as a tar archive: {e.Message}", e);
        }
    }

    private void ReadManifest(string path)
    {
        var index = Path.Combine(_folder, "index.json");
        if (!File.Exists(index))
            throw new InvalidDataException(
                $"{path} has no index.json, so it is no OCI layout. 'skopeo copy SOURCE oci:DIR' or 'oci-archive:FILE' makes one.");
        var document = Parse(File.ReadAllBytes(index), "index.json");
        while (document.Manifests is { Count: > 0 } manifests)
        {
            var chosen = Choose(manifests);
            Manifest = ReadChecked(chosen.Digest);
            document = Parse(Manifest, chosen.Digest);
            ManifestType = document.MediaType ?? chosen.MediaType ?? DefaultManifestType;
        }
        if (document.Config is null)
            throw new InvalidDataException($"{path} holds no image manifest for {HostPlatform}.");
        Blobs = [.. (document.Layers ?? []).Append(document.Config).DistinctBy(part => part.Digest).Select(DescriptorOf)];
    }

    private static string HostPlatform => RuntimeInformation.OSArchitecture switch
    {
        Architecture.Arm64 => "linux/arm64",
        _ => "linux/amd64",
    };

    /// <summary>The one for our platform; when none says what it is for, the first.</summary>
    private static OciManifestPart Choose(List<OciManifestPart> manifests) =>
        manifests.Find(part => part.Platform is { } platform && $"{platform.Os}/{platform.Architecture}" == HostPlatform)
        ?? manifests.Find(part => part.Platform is null)
        ?? throw new InvalidDataException($"There is no image for {HostPlatform} in it.");

    private OciDescriptor DescriptorOf(OciManifestPart part)
    {
        var file = new FileInfo(PathOf(part.Digest));
        if (!file.Exists)
            throw new InvalidDataException($"The layout lacks blob {part.Digest}, which its manifest names.");
        return new OciDescriptor { Digest = part.Digest, MediaType = part.MediaType ?? "", Size = file.Length };
    }

    private byte[] ReadChecked(string digest)
    {
        var path = PathOf(digest);
        if (!File.Exists(path))
            throw new InvalidDataException($"The layout lacks blob {digest}, which its index names.");
        var bytes = File.ReadAllBytes(path);
        if ("sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes)) != digest)
            throw new InvalidDataException($"Blob {digest} of the layout does not have that digest: the layout is damaged.");
        return bytes;
    }

    private static OciManifest Parse(byte[] json, string what)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ApiJson.Default.OciManifest) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{what} of the layout is not valid: {e.Message}", e);
        }
    }

    private string PathOf(string digest) => digest.Split(':') is ["sha256", { Length: 64 } hex] && hex.All(char.IsAsciiHexDigitLower)
        ? Path.Combine(_folder, "blobs", "sha256", hex)
        : throw new InvalidDataException($"'{digest}' is no digest this client can push; sha256 is the one in use.");
}
