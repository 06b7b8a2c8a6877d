namespace Hypeman.Tests.Grains.Clusters;

/// <summary>One fleet with one node for the tests of a class that break nothing; they use names of their own.</summary>
public sealed class FleetFixture : IAsyncLifetime
{
    public TestFleet Fleet { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Fleet = await TestFleet.StartAsync();

    public ValueTask DisposeAsync() => Fleet.DisposeAsync();
}
