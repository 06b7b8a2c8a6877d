using Hypeman.Client.Instances;

namespace Hypeman.Cli.Instances;

/// <summary>
/// What a copy from an instance becomes here. A guest is not trusted: no entry may land, or be written through a
/// link, outside of the root.
/// </summary>
internal sealed class LocalTree
{
    private readonly string _root;
    private readonly bool _isFolder;
    private readonly Stack<(string Path, GuestEntry Entry)> _made = new();

    /// <param name="root">The path that the copied file or folder itself gets.</param>
    public LocalTree(string root, bool isFolder)
    {
        _root = Path.GetFullPath(root);
        _isFolder = isFolder;
        if (isFolder)
            Directory.CreateDirectory(_root);
    }

    /// <summary>Makes the entry and gives the stream for its bytes; nothing is expected for folders and links.</summary>
    /// <exception cref="IOException">The entry would leave the root.</exception>
    public Stream Open(GuestEntry entry)
    {
        var path = _isFolder ? Resolve(entry.Path) : _root;
        if (entry.IsDirectory)
        {
            if (File.Exists(path) || new FileInfo(path).LinkTarget is not null)
                throw new IOException($"{path} is in the way: it is no folder.");
            Directory.CreateDirectory(path);
            _made.Push((path, entry));
            return Stream.Null;
        }
        if (File.Exists(path) || new FileInfo(path).LinkTarget is not null)
            File.Delete(path);
        if (entry.LinkTarget is { } target)
        {
            CheckLink(path, target);
            File.CreateSymbolicLink(path, target);
            return Stream.Null;
        }
        _made.Push((path, entry));
        return new FileStream(path, FileMode.CreateNew, FileAccess.Write);
    }

    /// <summary>Sets modes and times, those of folders after what is in them.</summary>
    public void Finish()
    {
        while (_made.TryPop(out var made))
        {
            var (path, entry) = made;
            if (entry.ModifiedAt is { } time)
                File.SetLastWriteTimeUtc(path, time.UtcDateTime);
            // Neither set-user-id bits nor ownership come out of a guest.
            if ((entry.Mode & 0b111_111_111) != 0)
                File.SetUnixFileMode(path, (UnixFileMode)(entry.Mode & 0b111_111_111));
        }
    }

    private string Resolve(string relative)
    {
        var parts = relative.Split('/').Where(part => part is not ("" or ".")).ToList();
        if (relative.StartsWith('/') || parts.Contains("..") || relative.Contains('\0'))
            throw new IOException($"The instance sent a path that leaves the copy: {relative}");
        var path = _root;
        for (var i = 0; i < parts.Count; i++)
        {
            path = Path.Combine(path, parts[i]);
            if (i < parts.Count - 1 && new FileInfo(path).LinkTarget is not null)
                throw new IOException($"The instance sent a file through a symbolic link: {relative}");
        }
        return path;
    }

    private void CheckLink(string path, string target)
    {
        var leadsTo = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, target));
        if (Path.IsPathRooted(target) || !_isFolder || !(leadsTo + "/").StartsWith(_root + "/", StringComparison.Ordinal))
            throw new IOException($"The instance sent a symbolic link that leaves the copy: {path} -> {target}. Try --follow-links.");
    }
}
