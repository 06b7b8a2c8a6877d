using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.Chaos.Faults;

/// <summary>The disk under a node has no byte left. What is there already goes on; what needs room is refused.</summary>
internal sealed class FullDiskFault(string node, TimeSpan stay) : Fault
{
    private const int Block = 1 << 20;

    public override string Name => $"fill the disk of {node}";
    public override string Kind => "full-disk";
    public override IReadOnlySet<string> Affected { get; } = new HashSet<string> { node };
    public override TimeSpan Stay => stay;

    public override async Task BreakAsync(ManyHosts fleet, CancellationToken cancellationToken)
    {
        await using var file = File.Create(FileOf(fleet));
        var block = new byte[Block];
        try
        {
            while (true)
                await file.WriteAsync(block, cancellationToken);
        }
        catch (IOException)
        {
            // It is full.
        }
    }

    public override Task MendAsync(ManyHosts fleet, CancellationToken cancellationToken)
    {
        File.Delete(FileOf(fleet));
        return Task.CompletedTask;
    }

    private string FileOf(ManyHosts fleet) => Path.Combine(fleet.DataOf(node), "fill");
}
