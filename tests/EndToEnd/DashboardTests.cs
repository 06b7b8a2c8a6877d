using Hypeman.Tests.Testing;

namespace Hypeman.Tests.EndToEnd;

/// <summary>The Orleans dashboard in a real browser: what its scripts have made of the page.</summary>
[Trait("Category", "Vm")]
public class DashboardTests(FleetFixture fixture) : IClassFixture<FleetFixture>
{
    private readonly Fleet _fleet = fixture.Fleet;

    [Fact]
    public async Task The_dashboard_shows_the_fleet_to_whoever_brings_a_token()
    {
        var page = await PageAsync($"/dashboard?token={_fleet.Token}");

        Assert.Contains("Total Activations", page);
        Assert.DoesNotContain(_fleet.Token, page);
    }

    [Theory]
    [InlineData("/dashboard")]
    [InlineData("/dashboard?token=nonsense")]
    public async Task The_dashboard_tells_others_what_it_needs(string path)
    {
        var page = await PageAsync(path);

        Assert.Contains("the dashboard needs a token", page);
        Assert.DoesNotContain("Total Activations", page);
    }

    /// <summary>The page as it stands once its scripts have nothing left to do for a while.</summary>
    private async Task<string> PageAsync(string path)
    {
        using var profile = new TemporaryFolder();
        return await _fleet.RunAsync("chromium",
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", $"--user-data-dir={profile.Path}",
            "--virtual-time-budget=10000", "--dump-dom", $"http://{Fleet.RegistryHost}{path}",
        ]);
    }
}
