using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.NodeRuntime.Disks;

/// <summary>The one failure of a disk that is the user's affair too.</summary>
internal static class DiskFull
{
    private const int QuotaExceeded = 122;

    public static bool Is(IOException failure) =>
        failure.HResult is LinuxException.NoSpace or QuotaExceeded || failure is LinuxException { Error: LinuxException.NoSpace or QuotaExceeded };

    public static NodeException Translate(IOException failure) => new(
        NodeErrorKind.InsufficientResources, "The disk of this host is full. Delete images or instances and try again.", inner: failure);
}
