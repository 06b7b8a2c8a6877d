using System.Diagnostics;
using Hypeman.Contracts.Instances;
using Wire = Hypeman.GuestProtocol.Messages;

namespace Hypeman.Grains.Instances;

/// <summary>Between the messages of the fleet and those of the guest channel; the only place that knows both.</summary>
internal static class GuestMessages
{
    public static Wire.GuestRequest ToWire(this GuestRequest request) => request switch
    {
        GuestExec exec => new Wire.ExecRequest
        {
            Command = exec.Command,
            Tty = exec.Tty,
            Env = exec.Env,
            Cwd = exec.Cwd,
            TimeoutSeconds = exec.TimeoutSeconds,
            Rows = exec.Rows,
            Columns = exec.Columns,
        },
        GuestCopyTo copy => new Wire.CopyToRequest
        {
            Path = copy.Path,
            IsDirectory = copy.IsDirectory,
            Mode = copy.Mode,
            Uid = copy.Uid,
            Gid = copy.Gid,
            SourceBasename = copy.SourceBasename,
        },
        GuestCopyFrom copy => new Wire.CopyFromRequest { Path = copy.Path, FollowLinks = copy.FollowLinks },
        _ => throw new UnreachableException($"{request.GetType().Name} has no message of the guest channel."),
    };

    public static GuestOutput ToOutput(this Wire.GuestReply reply) => reply switch
    {
        Wire.DataReply data => new GuestOutputData(data.Bytes, data.IsError),
        Wire.EntryReply entry => new GuestEntry
        {
            Path = entry.Path,
            Mode = entry.Mode,
            IsDirectory = entry.IsDirectory,
            IsSymlink = entry.IsSymlink,
            LinkTarget = entry.LinkTarget,
            Size = entry.Size,
            ModifiedAt = entry.ModifiedAt,
            Uid = entry.Uid,
            Gid = entry.Gid,
        },
        Wire.EntryEndReply end => new GuestEntryEnd(end.Final),
        Wire.ExitReply exit => new GuestExited(exit.ExitCode),
        Wire.WrittenReply written => new GuestWritten(written.Bytes),
        Wire.FailedReply failed => new GuestFailed(failed.Message, failed.Path),
        // A guest is not trusted to answer what it was asked.
        _ => new GuestFailed($"the guest answered with an unexpected {reply.GetType().Name}", null),
    };

    public static GuestPathInfo ToPathInfo(this Wire.StatReply stat) => new()
    {
        Exists = stat.Exists,
        IsDirectory = stat.IsDirectory,
        IsFile = stat.IsFile,
        IsSymlink = stat.IsSymlink,
        LinkTarget = stat.LinkTarget,
        Mode = stat.Mode,
        Size = stat.Size,
        Error = stat.Error,
    };
}
