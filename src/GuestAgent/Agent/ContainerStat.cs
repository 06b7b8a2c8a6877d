using Hypeman.GuestAgent.Linux;
using Hypeman.GuestProtocol.Messages;

namespace Hypeman.GuestAgent.Agent;

/// <summary>What is at a path of the container.</summary>
internal static class ContainerStat
{
    public static StatReply Of(StatRequest request)
    {
        try
        {
            using var root = Fd.Open("/", OpenFlags.Path | OpenFlags.Directory);
            var follow = request.FollowLinks ? 0 : OpenFlags.NoFollow;
            using var file = RootedFiles.Open(root.Number, request.Path, OpenFlags.Path | follow);
            var status = FileStatus.Of(file);
            return new StatReply
            {
                Exists = true,
                IsDirectory = status.IsDirectory,
                IsFile = status.IsFile,
                IsSymlink = status.IsSymlink,
                LinkTarget = status.IsSymlink ? RootedFiles.ReadLink(file) : null,
                Mode = status.Permissions,
                Size = status.Size,
            };
        }
        catch (LinuxException e)
        {
            var absent = e.Errno is Errno.NotFound or Errno.NotADirectory;
            return new StatReply { Exists = false, Error = absent ? null : e.Message };
        }
    }
}
