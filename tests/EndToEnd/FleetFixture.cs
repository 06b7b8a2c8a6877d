namespace Hypeman.Tests.EndToEnd;

/// <summary>One fleet with the test image in it, shared by the tests that leave it as they found it.</summary>
public sealed class FleetFixture : IAsyncLifetime
{
    public Fleet Fleet { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Fleet = await Fleet.StartAsync();
        await TestImage.PushAsync(Fleet);
    }

    public ValueTask DisposeAsync() => Fleet is null ? ValueTask.CompletedTask : Fleet.DisposeAsync();
}
