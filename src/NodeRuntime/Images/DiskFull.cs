using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.NodeRuntime.Images;

/// <summary>The one failure of a disk that is the user's affair too.</summary>
internal static class DiskFull
{
    private const int NoSpace = 28, QuotaExceeded = 122;

    public static bool Is(IOException failure) =>
        failure.HResult is NoSpace or QuotaExceeded || failure is LinuxException { Error: NoSpace or QuotaExceeded };

    public static NodeException Translate(IOException failure) => new(
        NodeErrorKind.InsufficientResources, "The disk of this host is full. Delete images or instances and try again.", inner: failure);
}
