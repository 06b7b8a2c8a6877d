using Hypeman.NodeRuntime.Errors;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>Standby and restore; all of it runs on the inbox's loop.</summary>
internal sealed partial class VmSupervisor
{
    private Task<VmStatus> StandbyNowAsync(long epoch, CancellationToken givenUp) => throw Unable(epoch, givenUp);

    private Task<VmStatus> RestoreNowAsync(long epoch, CancellationToken givenUp) => throw Unable(epoch, givenUp);

    private NodeException Unable(long epoch, CancellationToken givenUp)
    {
        ThrowIfShuttingDown();
        return new NodeException(
            NodeErrorKind.NotSupported, $"This host cannot save memory (order of {epoch}, given up: {givenUp.IsCancellationRequested}).");
    }
}
