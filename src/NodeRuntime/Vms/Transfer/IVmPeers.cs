using Hypeman.NodeRuntime.Errors;

namespace Hypeman.NodeRuntime.Vms.Transfer;

/// <summary>VMs at rest on other hosts of the fleet.</summary>
public interface IVmPeers
{
    /// <summary>A VM that this host is to have. Nothing is asked yet.</summary>
    IVmSource Source(string nodeId, string vmId, long epoch);

    /// <summary>Has another host remove its copy. One that is not there is no error.</summary>
    /// <exception cref="IOException">The host cannot be reached.</exception>
    /// <exception cref="NodeException">It refuses: Fenced.</exception>
    Task DeleteAsync(string nodeId, string vmId, long epoch, CancellationToken cancellationToken);
}

/// <summary>Files of another host, to be read.</summary>
public interface IFileSource
{
    /// <summary>For people.</summary>
    string Name { get; }

    /// <summary>A chunk of a file, see <see cref="VmFile"/>.</summary>
    /// <exception cref="IOException">The host cannot be reached, or does not answer as it should.</exception>
    /// <exception cref="NodeException">It refuses.</exception>
    Task<ReadOnlyMemory<byte>> ReadChunkAsync(string file, long chunk, CancellationToken cancellationToken);
}

/// <summary>One VM of another host, to be read.</summary>
public interface IVmSource : IFileSource
{
    /// <inheritdoc cref="IVmHost.HandOverAsync"/>
    /// <exception cref="IOException">The host cannot be reached.</exception>
    Task<VmManifest> HandOverAsync(CancellationToken cancellationToken);
}
