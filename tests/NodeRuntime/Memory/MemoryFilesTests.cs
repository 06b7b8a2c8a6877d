using System.Text.Json;
using CsCheck;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Hypervisors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Memory;
using Hypeman.Tests.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.Tests.NodeRuntime.Memory;

/// <summary>Memory that went through files is what it was.</summary>
public sealed class MemoryFilesTests : IDisposable
{
    private const int Page = PageSet.PageBytes;

    /// <summary>Two chunks and a bit.</summary>
    private const int Pages = 2 * BaseFile.ChunkBytes / Page + 3;

    private readonly TemporaryFolder _folder = new();
    private int _files;

    public void Dispose() => _folder.Dispose();

    /// <summary>For each page: untouched, touched but zero, or some content.</summary>
    private static readonly Gen<(int Page, byte Content)[]> Touches =
        Gen.Select(Gen.Int[0, Pages - 1], Gen.OneOf(Gen.Const((byte)0), Gen.Byte)).Array[0, 60];

    [Fact]
    public void A_base_is_the_memory_with_holes_for_zeros() => Touches.Sample(touches =>
    {
        var memory = new ArrayMemory(new byte[Pages * Page]);
        var touched = Touch(memory, touches);
        using var file = NewFile();

        var (dataBytes, digests) = BaseFile.Write(memory, touched, file, CancellationToken.None);

        Assert.Equal(memory.Content, ReadAll(file));
        Assert.Equal(dataBytes, Enumerable.Range(0, Pages).Count(page => IsData(memory, page)) * (long)Page);
        Assert.Equal(dataBytes, SparseFile.Data(file).Sum(range => range.End - range.Start));
        Assert.Equal(digests, BaseFile.ReadDigests(file, CancellationToken.None));
    }, iter: 30);

    [Fact]
    public void A_base_with_changes_is_the_memory_whatever_was_changed() => Gen.Select(Touches, Touches).Sample((first, second) =>
    {
        // :: The base, mapped, changed as a guest would, and saved as changes
        var memory = new ArrayMemory(new byte[Pages * Page]);
        using var pages = NewFile();
        BaseFile.Write(memory, Touch(memory, first), pages, CancellationToken.None);
        var changed = Touch(memory, second);
        using var file = NewFile();
        var part = ChangesFile.Write(memory, changed, file, CancellationToken.None);

        // :: And back
        var restored = new ArrayMemory(ReadAll(pages));
        ChangesFile.Apply(file, part, restored, CancellationToken.None);

        Assert.Equal(memory.Content, restored.Content);
        Assert.Equal(part.Bytes, RandomAccess.GetLength(file));
    }, iter: 30);

    [Fact]
    public void Damage_anywhere_in_the_changes_is_found_and_nothing_worse() =>
        Gen.Select(Touches.Where(touches => touches.Length > 0), Gen.Double[0, 1], Gen.Int[1, 255]).Sample((touches, place, flip) =>
        {
            var memory = new ArrayMemory(new byte[Pages * Page]);
            using var file = NewFile();
            var part = ChangesFile.Write(memory, Touch(memory, touches), file, CancellationToken.None);
            var at = (long)(place * (part.Bytes - 1));
            var one = new byte[1];
            RandomAccess.Read(file, one, at);
            RandomAccess.Write(file, [(byte)(one[0] ^ flip)], at);
            Assert.Throws<InvalidDataException>(
                () => ChangesFile.Apply(file, part, new ArrayMemory(new byte[Pages * Page]), CancellationToken.None));
        }, iter: 200);

    [Fact]
    public void Changes_belong_to_a_memory_of_their_size()
    {
        var memory = new ArrayMemory(new byte[Pages * Page]);
        using var file = NewFile();
        var part = ChangesFile.Write(memory, Touch(memory, [(3, 3)]), file, CancellationToken.None);
        Assert.Throws<InvalidDataException>(
            () => ChangesFile.Apply(file, part, new ArrayMemory(new byte[(Pages - 1) * Page]), CancellationToken.None));
    }

    [Fact]
    public void A_base_is_kept_while_a_manifest_names_it_or_somebody_holds_it()
    {
        var folder = new MemoryFolder(_folder.PathOf("vm/1"));
        Directory.CreateDirectory(folder.Directory);
        var store = new MemoryStore(_folder.PathOf("bases"), () => [folder], TimeProvider.System, NullLogger.Instance);
        var memory = new ArrayMemory(new byte[Pages * Page]);

        // :: Held while it is made
        var held = store.Hold("one");
        using (var draft = store.Write("one", memory, Touch(memory, [(1, 1), (5, 5)]), group: 0, CancellationToken.None))
        {
            store.Sweep();
            Assert.Throws<NodeException>(() => store.Get("one"));
            draft.Commit();
            Assert.Equal(2 * Page, draft.DataBytes);
        }
        store.Sweep();
        Assert.True(store.Get("one").IsAsWritten(CancellationToken.None));

        // :: Named
        folder.Write(Manifest("one"));
        held.Dispose();
        store.Sweep();
        Assert.Equal(memory.Content, File.ReadAllBytes(store.Get("one").PagesFile));

        // :: Not known
        File.WriteAllText(folder.ManifestFile, "{");
        store.Sweep();
        store.Get("one");

        // :: Not needed
        folder.Delete();
        store.Sweep();
        Assert.Throws<NodeException>(() => store.Get("one"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.PathOf("bases")));
    }

    [Fact]
    public void What_is_left_of_a_base_that_never_came_to_be_is_swept()
    {
        var store = new MemoryStore(_folder.PathOf("bases"), () => [], TimeProvider.System, NullLogger.Instance);
        var memory = new ArrayMemory(new byte[Page]);
        store.Write("cut-off", memory, Touch(memory, [(0, 1)]), group: 0, CancellationToken.None).Dispose();
        Assert.Single(Directory.EnumerateFileSystemEntries(_folder.PathOf("bases")));
        store.Sweep();
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.PathOf("bases")));
    }

    [Fact]
    public void A_changed_base_is_found_by_its_digests()
    {
        var store = new MemoryStore(_folder.PathOf("bases"), () => [], TimeProvider.System, NullLogger.Instance);
        var memory = new ArrayMemory(new byte[Pages * Page]);
        using (var draft = store.Write("a", memory, Touch(memory, [(7, 7), (Pages - 1, 1)]), group: 0, CancellationToken.None))
            draft.Commit();
        var made = store.Get("a");
        using (var file = File.OpenHandle(made.PagesFile, FileMode.Open, FileAccess.Write))
            RandomAccess.Write(file, [1], 100 * Page);
        Assert.False(made.IsAsWritten(CancellationToken.None));
    }

    [Fact]
    public void A_manifest_is_read_as_it_was_written()
    {
        var folder = new MemoryFolder(_folder.PathOf("vm/1"));
        Directory.CreateDirectory(folder.Directory);
        Assert.False(folder.IsWhole);
        var written = Manifest("b") with { Changes = new FilePart(5, "ab") };
        folder.Write(written);
        Assert.True(folder.IsWhole);
        Assert.Equal(written, folder.Read());

        foreach (var broken in (string[])["", "{", """{"Version": 2}""", JsonSerializer.Serialize(written).Replace("Base\"", "Unheard\"")])
        {
            File.WriteAllText(folder.ManifestFile, broken);
            Assert.Equal(NodeErrorKind.Internal, Assert.Throws<NodeException>(folder.Read).Kind);
        }
    }

    private static MemoryManifest Manifest(string baseId) => new()
    {
        SavedAt = DateTimeOffset.UnixEpoch,
        MemoryBytes = Pages * Page,
        Base = baseId,
        BaseBytes = 2 * Page,
        Devices = new FilePart(3, "00"),
        Machine = new MachineSignature("qemu", "QEMU 7.2 (tcg)", "emulated", "0"),
    };

    /// <summary>Each page gets the content in its first and last byte, as a guest does it that writes a little.</summary>
    private static PageSet Touch(ArrayMemory memory, IEnumerable<(int Page, byte Content)> touches)
    {
        var touched = new PageSet(memory.Bytes / Page);
        foreach (var (page, content) in touches)
        {
            touched.Add(new PageRun(page, 1));
            memory.Write((long)page * Page, new byte[Page]);
            memory.Write((long)page * Page, [content]);
            memory.Write((long)(page + 1) * Page - 1, [content]);
        }
        return touched;
    }

    private static bool IsData(ArrayMemory memory, int page) => memory.Content.AsSpan(page * Page, Page).ContainsAnyExcept((byte)0);

    private static byte[] ReadAll(SafeFileHandle file)
    {
        var content = new byte[RandomAccess.GetLength(file)];
        Assert.Equal(content.Length, RandomAccess.Read(file, content, 0));
        return content;
    }

    private SafeFileHandle NewFile() => File.OpenHandle(
        _folder.PathOf($"f{Interlocked.Increment(ref _files)}"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite,
        FileOptions.DeleteOnClose);
}
