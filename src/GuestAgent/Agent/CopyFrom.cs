using Hypeman.GuestAgent.Linux;
using Hypeman.GuestProtocol;
using Hypeman.GuestProtocol.Channel;
using Hypeman.GuestProtocol.Messages;

namespace Hypeman.GuestAgent.Agent;

/// <summary>
/// Sends one file, or a tree, a directory before what is in it. Links in the tree are sent as links and never
/// followed; devices, pipes and sockets are left out.
/// </summary>
internal static class CopyFrom
{
    public static void Run(CopyFromRequest request, AgentStream stream)
    {
        try
        {
            using var root = Fd.Open("/", OpenFlags.Path | OpenFlags.Directory);
            var path = Path.GetFullPath("/" + request.Path);
            var follow = request.FollowLinks ? 0 : OpenFlags.NoFollow;
            using var top = RootedFiles.Open(root.Number, path, OpenFlags.Path | follow);
            var status = FileStatus.Of(top);
            if (status.IsDirectory)
                SendTree(top, stream);
            else
                SendEntry(top, status, Path.GetFileName(path), stream);
            stream.Send(new EntryEndReply(Final: true));
        }
        catch (LinuxException e)
        {
            stream.Send(new FailedReply(e.Message, request.Path));
        }
    }

    /// <summary>Every entry but the last is ended here; the caller ends the last one with the whole.</summary>
    private static void SendTree(Fd top, AgentStream stream)
    {
        SendEntry(top, FileStatus.Of(top), ".", stream);
        var directories = new Stack<string>(["."]);
        while (directories.TryPop(out var directory))
        {
            foreach (var name in Names(top, directory))
            {
                var path = directory == "." ? name : $"{directory}/{name}";
                using var entry = TryOpen(top, path);
                if (entry is null)
                    continue;
                var status = FileStatus.Of(entry);
                if (!status.IsDirectory && !status.IsFile && !status.IsSymlink)
                    continue;
                stream.Send(new EntryEndReply(Final: false));
                SendEntry(entry, status, path, stream);
                if (status.IsDirectory)
                    directories.Push(path);
            }
        }
    }

    private static void SendEntry(Fd entry, FileStatus status, string path, AgentStream stream)
    {
        using var content = status.IsFile ? new FileContent($"/proc/self/fd/{entry.Number}", status.Size) : null;
        stream.Send(new EntryReply
        {
            Path = path,
            Mode = status.Permissions,
            IsDirectory = status.IsDirectory,
            IsSymlink = status.IsSymlink,
            LinkTarget = status.IsSymlink ? RootedFiles.ReadLink(entry) : null,
            Size = content?.Size ?? 0,
            ModifiedAt = status.ModifiedAt,
            Uid = status.Uid,
            Gid = status.Gid,
        });
        if (content is null)
            return;
        var buffer = new byte[ProtocolLimits.DataChunk];
        while (content.Read(buffer) is > 0 and var count)
            stream.Write(buffer.AsSpan(0, count));
    }

    private static string[] Names(Fd top, string directory)
    {
        using var opened = RootedFiles.OpenPlain(top.Number, directory, OpenFlags.ReadOnly | OpenFlags.Directory);
        var names = Directory.EnumerateFileSystemEntries($"/proc/self/fd/{opened.Number}").Select(path => Path.GetFileName(path)!).ToArray();
        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    /// <summary>Null for what was removed since it was listed.</summary>
    private static Fd? TryOpen(Fd top, string path)
    {
        try
        {
            return RootedFiles.OpenPlain(top.Number, path, OpenFlags.Path | OpenFlags.NoFollow);
        }
        catch (LinuxException e) when (e.Errno == Errno.NotFound)
        {
            return null;
        }
    }
}
