using Hypeman.GuestAgent.Linux;
using Hypeman.GuestProtocol.Channel;
using Hypeman.GuestProtocol.Messages;

namespace Hypeman.GuestAgent.Agent;

/// <summary>Writes one file, whole or not at all, or makes one directory.</summary>
internal static class CopyTo
{

    public static void Run(CopyToRequest request, AgentStream stream)
    {
        try
        {
            using var root = Fd.Open("/", OpenFlags.Path | OpenFlags.Directory);
            var path = Path.GetFullPath("/" + request.Path);
            stream.Send(request.IsDirectory
                ? MakeDirectory(root, path, request, stream)
                : WriteFile(root, FileTarget(root, path, request), request, stream));
        }
        catch (LinuxException e)
        {
            stream.Send(new FailedReply(e.Message, request.Path));
        }
    }

    private static WrittenReply MakeDirectory(Fd root, string path, CopyToRequest request, AgentStream stream)
    {
        using var directory = ContainerDirectory.Open(root, path, request.Mode == 0 ? FileModes.Executable : request.Mode);
        if (request.Mode != 0)
            LinuxException.Check(Libc.ChangeMode(directory.Number, request.Mode), path);
        SetOwner(directory, request);
        while (stream.Take() is not InputEnd)
        {
        }
        return new WrittenReply(0);
    }

    /// <summary>An existing directory takes the file in by its own name; a link to a file stays one.</summary>
    private static string FileTarget(Fd root, string path, CopyToRequest request)
    {
        try
        {
            using var existing = RootedFiles.Open(root.Number, path, OpenFlags.Path);
            var status = FileStatus.Of(existing);
            if (status.IsFile)
                return new FileInfo($"/proc/self/fd/{existing.Number}").LinkTarget ?? path;
            if (!status.IsDirectory)
                throw new LinuxException($"{path} is a device, pipe or socket", Errno.Invalid);
        }
        catch (LinuxException e) when (e.Errno == Errno.NotFound)
        {
            return path;
        }
        return Path.GetFileName(request.SourceBasename) is { Length: > 0 } name && name is not ("." or "..")
            ? Path.Combine(path, name)
            : throw new LinuxException(path, Errno.IsADirectory);
    }

    private static WrittenReply WriteFile(Fd root, string path, CopyToRequest request, AgentStream stream)
    {
        using var parent = ContainerDirectory.Open(root, Path.GetDirectoryName(path) ?? "/");
        var temporary = $".hypeman-{Guid.NewGuid():N}";
        const int flags = OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow | OpenFlags.CloseOnExec;
        using var file = new Fd(LinuxException.Check(Libc.OpenAt(parent.Number, temporary, flags, (int)FileModes.Private), path));
        try
        {
            long written = 0;
            while (stream.Take() is var input and not InputEnd)
            {
                if (input is not InputData data)
                    continue;
                file.WriteAll(data.Bytes);
                written += data.Bytes.Length;
            }
            // The owner first: changing it takes set-user-id away.
            SetOwner(file, request);
            LinuxException.Check(Libc.ChangeMode(file.Number, request.Mode == 0 ? FileModes.Readable : request.Mode), path);
            LinuxException.Check(
                Libc.RenameAt(parent.Number, temporary, parent.Number, Path.GetFileName(path)), path);
            return new WrittenReply(written);
        }
        catch
        {
            Libc.UnlinkAt(parent.Number, temporary, 0);
            throw;
        }
    }

    private static void SetOwner(Fd file, CopyToRequest request)
    {
        if (request.Uid != 0 || request.Gid != 0)
            LinuxException.Check(Libc.ChangeOwner(file.Number, request.Uid, request.Gid), "change the owner");
    }
}
