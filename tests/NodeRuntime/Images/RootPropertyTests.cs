using CsCheck;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Images;

namespace Hypeman.Tests.NodeRuntime.Images;

/// <summary>
/// Any layers give the root that the operating system would have when they are unpacked one over the other. Links are
/// relative and lead down only, so that the real file system can be the judge.
/// </summary>
public sealed class RootPropertyTests : IDisposable
{
    private readonly RootFixture _fixture = new();

    private static readonly Gen<string> Name = Gen.OneOfConst("a", "b", "c");

    private static readonly Gen<string> AnyPath = Name.Array[1, 3].Select(parts => string.Join('/', parts));

    private static readonly Gen<Item> AnyItem = Gen.Select(
        Gen.Frequency((6, Gen.Const('f')), (3, Gen.Const('d')), (2, Gen.Const('s')), (2, Gen.Const('h')), (2, Gen.Const('w')), (1, Gen.Const('o'))),
        AnyPath, AnyPath, Gen.Int[0, 9999],
        (kind, path, target, content) => new Item(kind, path, target, content));

    /// <param name="Kind">File, directory, symlink, hard link, whiteout, opaque mark.</param>
    private sealed record Item(char Kind, string Path, string Target, int Content);

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void The_root_is_what_unpacking_the_layers_would_give() => AnyItem.Array[0, 8].Array[1, 4].Sample(proposed =>
    {
        using var unpacked = new TemporaryFolder();
        var layers = proposed.Select(items => Unpack(unpacked.Path, items)).ToArray();
        var root = _fixture.Read([.. layers.Select(ToTar)]);
        Assert.Equal(Describe(unpacked.Path), Describe(root));
    }, iter: 300, threads: 1);

    /// <summary>Does what an unpacker does, and leaves out the items that it would fail on.</summary>
    private static List<Item> Unpack(string folder, Item[] items)
    {
        // Whiteouts hide lower layers only; done first and by name they cannot touch their own layer.
        var done = items.Where(item => item.Kind is 'w' or 'o' && IsRealFolder(folder, Path.GetDirectoryName(item.Path)!)).ToList();
        foreach (var item in done)
        {
            var path = Path.Combine(folder, item.Path);
            if (item.Kind == 'w')
                Remove(path);
            else if (IsRealFolder(folder, item.Path))
                foreach (var child in Directory.EnumerateFileSystemEntries(path).ToList())
                    Remove(child);
        }
        done.RemoveAll(item => item.Kind == 'o' && !IsRealFolder(folder, item.Path));
        var written = new HashSet<string>();
        foreach (var item in items.Where(item => item.Kind is not ('w' or 'o')))
            if (TryWrite(folder, item, written))
                done.Add(item);
        return done;
    }

    private static bool TryWrite(string folder, Item item, HashSet<string> written)
    {
        var path = Path.Combine(folder, item.Path);
        var target = Path.Combine(folder, item.Target);
        if (item.Kind == 's' && (item.Path.StartsWith(item.Target, StringComparison.Ordinal) || item.Path.Contains('/')))
            return false;
        if (item.Kind == 'h' && (!Exists(target) || IsFolder(target) || item.Target == item.Path
            || item.Path.StartsWith(item.Target + "/", StringComparison.Ordinal) || item.Target.StartsWith(item.Path + "/", StringComparison.Ordinal)))
            return false;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        }
        catch (IOException)
        {
            return false;
        }
        if (item.Kind == 'h' && !Exists(target))
            return false;
        // A directory that is there stays, also when the way to it leads through a symlink.
        if (!(item.Kind == 'd' && Directory.Exists(path) && new DirectoryInfo(path).LinkTarget is null))
            Write(path, target, item);
        return true;
    }

    private static void Write(string path, string target, Item item)
    {
        if (item.Kind == 'h')
        {
            var content = new FileInfo(target) is { LinkTarget: { } link } ? (Link: link, Text: "") : (Link: null, Text: File.ReadAllText(target));
            Remove(path);
            if (content.Link is not null)
                File.CreateSymbolicLink(path, content.Link);
            else
                File.WriteAllText(path, content.Text);
            return;
        }
        Remove(path);
        if (item.Kind == 'd')
            Directory.CreateDirectory(path);
        else if (item.Kind == 's')
            File.CreateSymbolicLink(path, item.Target);
        else
            File.WriteAllText(path, $"{item.Content}");
    }

    private static TarBuilder ToTar(List<Item> items)
    {
        var tar = new TarBuilder();
        foreach (var item in items)
            _ = item.Kind switch
            {
                'f' => tar.File(item.Path, $"{item.Content}"),
                'd' => tar.Directory(item.Path),
                's' => tar.Symlink(item.Path, item.Target),
                'h' => tar.HardLink(item.Path, item.Target),
                'w' => tar.Whiteout(item.Path),
                _ => tar.Opaque(item.Path),
            };
        return tar;
    }

    private static bool Exists(string path) => File.Exists(path) || Directory.Exists(path) || new FileInfo(path).LinkTarget is not null;

    /// <summary>A directory, and so are all above it: no symlink on the way.</summary>
    private static bool IsFolder(string path) => Directory.Exists(path) && new DirectoryInfo(path).LinkTarget is null;

    /// <summary>Also the way to it goes through folders alone.</summary>
    private static bool IsRealFolder(string folder, string path)
    {
        var at = folder;
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            at = Path.Combine(at, part);
            if (!Directory.Exists(at) || new DirectoryInfo(at).LinkTarget is not null)
                return false;
        }
        return true;
    }

    private static void Remove(string path)
    {
        if (new FileInfo(path).LinkTarget is not null || File.Exists(path))
            File.Delete(path);
        else if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
    }

    private static List<string> Describe(string folder) =>
        [.. new DirectoryInfo(folder).EnumerateFileSystemInfos("*", new EnumerationOptions
        {
            RecurseSubdirectories = true,
            AttributesToSkip = FileAttributes.None,
        }).Where(found => IsRealFolder(folder, Path.GetDirectoryName(Path.GetRelativePath(folder, found.FullName))!))
        .Select(found => $"{Path.GetRelativePath(folder, found.FullName)} " + found switch
        {
            { LinkTarget: { } target } => $"-> {target}",
            DirectoryInfo => "directory",
            _ => File.ReadAllText(found.FullName),
        }).Order(StringComparer.Ordinal)];

    private static List<string> Describe(IReadOnlyDictionary<string, ErofsFile> root) =>
        [.. root.Where(file => file.Key.Length > 0).Select(file => $"{file.Key} " + (file.Value.Type switch
        {
            0xa000 => $"-> {file.Value.Text}",
            0x4000 => "directory",
            _ => file.Value.Text,
        })).Order(StringComparer.Ordinal)];
}
