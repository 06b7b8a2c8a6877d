using Hypeman.Tests.Testing.Leaks;

namespace Hypeman.Tests.EndToEnd;

/// <summary>One fleet with the test image in it, shared by the tests of a class, and a look for what it left behind.</summary>
public sealed class FleetFixture : IAsyncLifetime
{
    public Fleet Fleet { get; private set; } = null!;

    private LeakCheck _leaks = null!;

    public async ValueTask InitializeAsync()
    {
        _leaks = await LeakCheck.StartAsync();
        Fleet = await Fleet.StartAsync();
        await TestImage.Busybox.PushAsync(Fleet);
    }

    public async ValueTask DisposeAsync()
    {
        if (Fleet is null)
            return;
        await Fleet.DisposeAsync();
        await _leaks.AssertNothingNewAsync();
    }
}
