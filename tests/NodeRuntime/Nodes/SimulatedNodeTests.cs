using Hypeman.NodeRuntime.Nodes;
using Hypeman.Tests.Testing.Nodes;

namespace Hypeman.Tests.NodeRuntime.Nodes;

/// <summary>The stand-in conforms, so what is tested with it is tested.</summary>
public sealed class SimulatedNodeTests : NodeConformance
{
    private readonly SimulatedNode _node = new("simulated");
    private readonly SimulatedNode _other = new("other");

    private protected override INode Node => _node;
    private protected override string RootDigest { get; } = "sha256:" + new string('a', 64);
    private protected override IReadOnlyList<string> Program => ["/bin/app"];

    public override ValueTask InitializeAsync()
    {
        _node.Images.Plant(RootDigest);
        _other.Images.Plant(RootDigest);
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        _node.Dispose();
        _other.Dispose();
        return ValueTask.CompletedTask;
    }

    private protected override Task<INode> OtherAsync() => Task.FromResult<INode>(_other);

    private protected override Task ExitAsync(string vmId, int code)
    {
        _node.Vms.Exit(vmId, code);
        return Task.CompletedTask;
    }
}
