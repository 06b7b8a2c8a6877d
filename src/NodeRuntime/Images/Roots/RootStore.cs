using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Nodes;

namespace Hypeman.NodeRuntime.Images.Roots;

/// <summary>What this host knows of a root; written when all else of it is there.</summary>
/// <param name="Manifest">The image's.</param>
/// <param name="SizeBytes">Of the root's file.</param>
/// <param name="Blobs">All that the image consists of: they are kept as long as the root.</param>
internal sealed record RootRecord(string Manifest, long SizeBytes, IReadOnlyList<string> Blobs);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RootRecord))]
internal sealed partial class RootJson : JsonSerializerContext;

/// <summary>
/// Roots by manifest digest: <c>&lt;hex&gt;.erofs</c> and, renamed into place last, <c>&lt;hex&gt;.json</c>. A root
/// without its record is none.
/// </summary>
internal sealed class RootStore
{
    private const string ImageSuffix = ".erofs", RecordSuffix = ".json", PartSuffix = ".part";

    private readonly string _directory;
    private readonly ConcurrentDictionary<Digest, RootRecord> _records = [];

    /// <summary>Reads the records and removes what writers left that died. One store a directory at a time.</summary>
    public RootStore(DataLayout layout)
    {
        _directory = Path.Combine(layout.Roots, "sha256");
        Directory.CreateDirectory(_directory);
        AtomicFile.Sweep(_directory);
        foreach (var path in Directory.EnumerateFiles(_directory, "*" + RecordSuffix))
            if (Digest.TryParse(Digest.Prefix + Path.GetFileNameWithoutExtension(path), out var digest) && TryRead(path) is { } record
                && new FileInfo(ImagePath(digest)) is { Exists: true } image && image.Length == record.SizeBytes)
                _records[digest] = record;
        foreach (var path in Directory.EnumerateFiles(_directory))
            if (!IsWhole(path))
                File.Delete(path);
    }

    public ICollection<RootRecord> Records => _records.Values;

    public RootRecord? Find(Digest manifest) => _records.GetValueOrDefault(manifest);

    public string ImagePath(Digest manifest) => Path.Combine(_directory, manifest.Hex + ImageSuffix);

    /// <summary>Where a root is made; nothing is there.</summary>
    public string NewPart(Digest manifest) => Path.Combine(_directory, $"{manifest.Hex}.{Guid.NewGuid():N}{PartSuffix}");

    /// <summary>Makes a finished part the root of an image. The part's content is on the disk.</summary>
    public void Commit(string part, RootRecord record)
    {
        var manifest = Digest.Parse(record.Manifest);
        File.Move(part, ImagePath(manifest), overwrite: true);
        AtomicFile.SyncDirectory(_directory);
        AtomicFile.Write(RecordPath(manifest), JsonSerializer.SerializeToUtf8Bytes(record, RootJson.Default.RootRecord));
        _records[manifest] = record;
    }

    /// <summary>Running VMs have the file open and keep it. Absent is no error.</summary>
    public void Delete(Digest manifest)
    {
        _records.TryRemove(manifest, out _);
        File.Delete(RecordPath(manifest));
        File.Delete(ImagePath(manifest));
        AtomicFile.SyncDirectory(_directory);
    }

    private string RecordPath(Digest manifest) => Path.Combine(_directory, manifest.Hex + RecordSuffix);

    private bool IsWhole(string path) =>
        Path.GetExtension(path) is ImageSuffix or RecordSuffix
        && Digest.TryParse(Digest.Prefix + Path.GetFileNameWithoutExtension(path), out var digest)
        && _records.ContainsKey(digest);

    private static RootRecord? TryRead(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), RootJson.Default.RootRecord);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
