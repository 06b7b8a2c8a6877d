using Hypeman.Tests.Testing.Fleets;
using Hypeman.Tests.Testing.Leaks;

namespace Hypeman.Tests.EndToEnd;

/// <summary>One fleet of two nodes with the test image in it, and a look for what it left behind.</summary>
public sealed class ManyHostsFixture : IAsyncLifetime
{
    /// <summary>The longest that any call may take: longer than the longest deadline of ours.</summary>
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(70);

    private LeakCheck _leaks = null!;

    public ManyHosts Fleet { get; private set; } = null!;

    /// <summary>Pushed to the second control process only.</summary>
    public string Image { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        _leaks = await LeakCheck.StartAsync();
        Fleet = await ManyHosts.StartAsync(2, CallTimeout, TestContext.Current.CancellationToken);
        Image = await Fleet.PushAsync("c2", TestImage.Busybox.LayoutDir, "e2e/busybox:v1", TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (Fleet is null)
            return;
        await Fleet.DisposeAsync();
        await _leaks.AssertNothingNewAsync();
    }
}
