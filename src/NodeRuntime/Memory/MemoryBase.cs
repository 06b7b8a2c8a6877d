using System.Text.Json;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.NodeRuntime.Memory;

/// <summary>
/// A memory that others are told apart from. It never changes once it is there, so any number of VMs may map it.
/// </summary>
public sealed class MemoryBase(string id, string directory)
{
    public string Id { get; } = id;
    public string Directory { get; } = directory;

    /// <summary>What is mapped. See <see cref="BaseFile"/>.</summary>
    public string PagesFile => Path.Combine(Directory, "pages");

    /// <summary>A digest for every chunk of the pages.</summary>
    public string DigestsFile => Path.Combine(Directory, "digests.json");

    public bool IsWhole => File.Exists(DigestsFile);

    /// <summary>Group that may map it (see <see cref="MemoryStore"/>).</summary>
    public uint Group => FileStatus.Of(PagesFile)!.Value.Gid;

    internal IReadOnlyList<string> ReadDigests() =>
        JsonSerializer.Deserialize<IReadOnlyList<string>>(File.ReadAllBytes(DigestsFile))
        ?? throw MemoryFolder.Damaged("the digests of its base are empty");

    /// <summary>Reads all of it; for whoever has reason to doubt it, and before it goes to another host.</summary>
    internal bool IsAsWritten(CancellationToken cancellationToken)
    {
        using var pages = File.OpenHandle(PagesFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return BaseFile.ReadDigests(pages, cancellationToken).SequenceEqual(ReadDigests());
    }
}
