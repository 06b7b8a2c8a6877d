using System.Text.Json;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Memory;

/// <summary>
/// The bases of this host. One is needed while a manifest names it, or while it is held; others are removed.
/// <para>
/// Who may write to a base: it is root's, and its group the one of the VM it came from. A QEMU before 8.2 opens the file
/// that it maps privately for writing too, and so needs that group. A guest cannot write to it, but a QEMU that a
/// guest has taken over could change the base that it holds, and with it what others are restored from who share it;
/// those are only that VM itself and its forks. No other VM has a descriptor of the file, nor a way to its name. From
/// 8.2 on nobody but us can write to it.
/// </para>
/// <para>
/// A base that is held is mapped, or about to be, and keeps its pages as they are. See MemoryStore.Compression.cs for the others.
/// </para>
/// </summary>
/// <param name="folders">All memories at rest, wherever they lie.</param>
internal sealed partial class MemoryStore(
    string directory, Func<IEnumerable<MemoryFolder>> folders, TimeProvider time, ILogger log)
{
    private const string DraftSuffix = ".draft";
    private const UnixFileMode Mode = FileModes.Private | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _holds = [];

    /// <exception cref="NodeException">Internal: there is none of this id.</exception>
    internal MemoryBase Get(string id) => Find(id) ?? throw MemoryFolder.Damaged($"its base {id} is not on this host");

    /// <summary>Null when there is none of this id (any more).</summary>
    internal MemoryBase? Find(string id)
    {
        var found = At(id);
        return found.IsWhole ? found : null;
    }

    /// <summary>Keeps bases until the end of what is returned, whether they are there and named by a manifest or not.</summary>
    internal IDisposable Hold(params IReadOnlyList<string> ids)
    {
        lock (_gate)
        {
            foreach (var id in ids)
            {
                _holds[id] = _holds.GetValueOrDefault(id) + 1;
                GiveUpPacking(id);
            }
        }
        return new Held(this, ids);
    }

    /// <summary>Begins a base of these pages. The id must be held until a manifest names it.</summary>
    /// <param name="group">Of those who may map it.</param>
    internal MemoryBaseDraft Write(
        string id, IGuestMemory memory, PageSet pages, uint group, CancellationToken cancellationToken)
    {
        System.IO.Directory.CreateDirectory(directory, FileModes.PrivateFolder);
        var draft = new MemoryBase(id, Path.Combine(directory, id + DraftSuffix));
        System.IO.Directory.CreateDirectory(draft.Directory, FileModes.PrivateFolder);
        var file = File.OpenHandle(draft.PagesFile, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite);
        try
        {
            FileOwner.Set(draft.PagesFile, 0, group);
            File.SetUnixFileMode(draft.PagesFile, Mode);
            var (dataBytes, digests) = BaseFile.Write(memory, pages, file, cancellationToken);
            return new MemoryBaseDraft(file, dataBytes, () =>
            {
                AtomicFile.Write(draft.DigestsFile, JsonSerializer.SerializeToUtf8Bytes(digests));
                System.IO.Directory.Move(draft.Directory, Path.Combine(directory, id));
                AtomicFile.SyncDirectory(directory);
            });
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Takes in a base that came whole from another host; one that came by another way meanwhile stays. It must be held until
    /// a manifest names it.
    /// </summary>
    /// <param name="arrived">Where it is now, on the same file system.</param>
    /// <param name="id">What it is called.</param>
    /// <param name="group">Of those who may map it.</param>
    internal void Adopt(MemoryBase arrived, string id, uint group)
    {
        System.IO.Directory.CreateDirectory(directory, FileModes.PrivateFolder);
        var file = arrived.HasPages ? arrived.PagesFile : arrived.PackedFile;
        FileOwner.Set(file, 0, group);
        File.SetUnixFileMode(file, Mode);
        lock (_gate)
        {
            if (At(id).IsWhole)
                System.IO.Directory.Delete(arrived.Directory, recursive: true);
            else
                System.IO.Directory.Move(arrived.Directory, At(id).Directory);
        }
        AtomicFile.SyncDirectory(directory);
    }

    /// <summary>Removes the bases that nobody needs, and what is left of those that never came to be.</summary>
    internal void Sweep()
    {
        if (!System.IO.Directory.Exists(directory))
            return;
        lock (_gate)
        {
            var there = System.IO.Directory.EnumerateDirectories(directory).Select(path => Path.GetFileName(path)).ToList();
            if (there.Count == 0 || NamedBases() is not { } named)
                return;
            foreach (var name in there)
            {
                var id = name.EndsWith(DraftSuffix, StringComparison.Ordinal) ? name[..^DraftSuffix.Length] : name;
                if (_holds.ContainsKey(id))
                    continue;
                if (named.Contains(name))
                {
                    Tidy(At(id));
                    continue;
                }
                log.LogInformation("Removing the memory base {Base}, which nothing needs any more", name);
                System.IO.Directory.Delete(Path.Combine(directory, name), recursive: true);
            }
        }
    }

    /// <summary>Null when one of the manifests cannot be read: it may name any of them.</summary>
    private HashSet<string>? NamedBases()
    {
        try
        {
            return [.. folders().Where(folder => folder.IsWhole).Select(folder => folder.Read().Base)];
        }
        catch (NodeException e)
        {
            log.LogWarning(e, "No memory base is removed, for it is not known which are needed");
            return null;
        }
    }

    private MemoryBase At(string id) => new(id, Path.Combine(directory, id));

    private void Release(IReadOnlyList<string> ids)
    {
        lock (_gate)
        {
            foreach (var id in ids)
            {
                if (--_holds[id] == 0)
                    _holds.Remove(id);
            }
        }
        Signal();
    }

    private sealed class Held(MemoryStore store, IReadOnlyList<string> ids) : IDisposable
    {
        private int _isOver;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isOver, 1) == 0)
                store.Release(ids);
        }
    }
}
