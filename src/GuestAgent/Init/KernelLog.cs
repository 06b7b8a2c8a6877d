using System.Text;
using Hypeman.GuestAgent.Linux;
using Hypeman.GuestAgent.Programs;

namespace Hypeman.GuestAgent.Init;

internal static class KernelLog
{
    /// <summary>Whether the kernel has killed anything for want of memory since it started.</summary>
    public static bool TellsOfOom()
    {
        try
        {
            using var log = Fd.Open("/dev/kmsg", OpenFlags.ReadOnly | OpenFlags.NonBlocking);
            Span<byte> record = stackalloc byte[8192];
            while (true)
            {
                var count = log.TryRead(record);
                if (count > 0 && ExitMessage.IsOomKill(Encoding.UTF8.GetString(record[..count])))
                    return true;
                // EPIPE: records were overwritten while we read; the next one is there.
                if (count <= 0 && LinuxException.LastErrno != Errno.BrokenPipe)
                    return false;
            }
        }
        catch (IOException)
        {
            return false;
        }
    }
}
