using Hypeman.NodeRuntime.Vms;
using Hypeman.NodeRuntime.Vms.Transfer;

namespace Hypeman.Tests.NodeRuntime.Vms.Transfer;

/// <summary>The VM of another host of these tests, and what happens on the way.</summary>
internal sealed class TestSource(IVmHost host, string id, long epoch) : IVmSource
{
    public string Name => "node other";

    /// <summary>The chunks that were asked for.</summary>
    public List<(string File, long Chunk)> Asked { get; } = [];

    /// <summary>Makes something else of a chunk, or throws.</summary>
    public Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> OnTheWay { get; set; } = chunk => chunk;

    public Task<VmManifest> HandOverAsync(CancellationToken cancellationToken) => host.HandOverAsync(id, epoch, cancellationToken);

    public async Task<ReadOnlyMemory<byte>> ReadChunkAsync(string file, long chunk, CancellationToken cancellationToken)
    {
        Asked.Add((file, chunk));
        return OnTheWay(await host.ReadChunkAsync(id, file, chunk, cancellationToken));
    }
}
