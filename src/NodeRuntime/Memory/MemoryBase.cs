using System.Text.Json;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Memory.Compression;

namespace Hypeman.NodeRuntime.Memory;

/// <summary>
/// A memory that others are told apart from. What it holds never changes once it is there, so any number of VMs may map it.
/// Its pages are there as they are, or packed, or both.
/// </summary>
public sealed class MemoryBase(string id, string directory)
{
    public string Id { get; } = id;
    public string Directory { get; } = directory;

    /// <summary>What is mapped. See <see cref="BaseFile"/>.</summary>
    public string PagesFile => Path.Combine(Directory, "pages");

    /// <summary>The pages while they are being unpacked.</summary>
    internal string FillingFile => Path.Combine(Directory, "pages.filling");

    /// <summary>See <see cref="CompressedPages"/>.</summary>
    public string PackedFile => Path.Combine(Directory, "packed");

    /// <summary>What is to be the packed file, while it is written.</summary>
    internal string PackingFile => Path.Combine(Directory, "packed.part");

    /// <summary>How it is to be packed; not there when it is not to be.</summary>
    internal string WishFile => Path.Combine(Directory, "compression.json");

    /// <summary>A digest for every chunk of the pages.</summary>
    public string DigestsFile => Path.Combine(Directory, "digests.json");

    public bool IsWhole => File.Exists(DigestsFile) && (HasPages || IsPacked);

    public bool HasPages => File.Exists(PagesFile);

    public bool IsPacked => File.Exists(PackedFile);

    /// <summary>Group that may map it (see <see cref="MemoryStore"/>).</summary>
    public uint Group => FileStatus.Of(HasPages ? PagesFile : PackedFile)!.Value.Gid;

    internal IReadOnlyList<string> ReadDigests() =>
        JsonSerializer.Deserialize<IReadOnlyList<string>>(File.ReadAllBytes(DigestsFile))
        ?? throw MemoryFolder.Damaged("the digests of its base are empty");

    /// <summary>Null when it is not to be packed.</summary>
    internal CompressionWish? ReadWish() =>
        File.Exists(WishFile) ? JsonSerializer.Deserialize<CompressionWish>(File.ReadAllBytes(WishFile)) : null;

    internal void Write(CompressionWish wish) => AtomicFile.Write(WishFile, JsonSerializer.SerializeToUtf8Bytes(wish));

    /// <summary>Reads all of it; for whoever has reason to doubt it, and before it goes to another host.</summary>
    internal bool IsAsWritten(CancellationToken cancellationToken)
    {
        using var pages = File.OpenHandle(PagesFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return BaseFile.ReadDigests(pages, cancellationToken).SequenceEqual(ReadDigests());
    }
}

/// <summary>How and from when on a base is to be packed.</summary>
/// <param name="Error">Why it could not be; then it is not tried again.</param>
/// <param name="UnpackedBytes">What its pages took, once it is packed.</param>
internal sealed record CompressionWish(CompressionSpec Spec, DateTimeOffset Due, string? Error = null, long? UnpackedBytes = null);
