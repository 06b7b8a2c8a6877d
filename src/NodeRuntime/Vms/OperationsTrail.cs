using Hypeman.NodeRuntime.Logs;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>Says what we do with one VM: to its owner in the VM's operations log, to the operator in ours.</summary>
internal sealed class OperationsTrail(string vmId, OperationsLog operations, ILogger log)
{
    internal void Note(string line)
    {
        log.LogInformation("VM {Vm}: {What}", vmId, line);
        Append(line);
    }

    /// <summary>For the owner only.</summary>
    internal void Append(string line)
    {
        try
        {
            operations.Append(line);
        }
        catch (IOException e)
        {
            // A full disk must not keep a VM from being stopped.
            log.LogWarning(e, "VM {Vm}: cannot write its operations log", vmId);
        }
    }
}
