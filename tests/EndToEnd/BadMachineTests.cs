using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.EndToEnd;

/// <summary>A machine that is not as we need it: one line on stderr with the way out, an exit code, nothing left behind.</summary>
[Trait("Category", "Vm")]
public class BadMachineTests
{
    [Fact]
    public async Task A_kernel_that_is_not_there_is_said_at_the_start()
    {
        var message = await RefusedAsync(kernelDir: "/nowhere");
        Assert.Contains("/nowhere", message);
        Assert.Contains("linux-image", message);
    }

    [Fact]
    public async Task A_guest_binary_that_is_not_there_is_said_at_the_start() =>
        Assert.Contains("/nowhere", await RefusedAsync(guestBinary: "/nowhere"));

    [Fact]
    public async Task An_unknown_option_is_refused_with_the_way_to_the_help() =>
        Assert.Contains("--help", await RefusedAsync(more: "--no-such-option"));

    [Fact]
    public async Task A_second_server_on_one_data_directory_is_refused_and_the_first_goes_on()
    {
        await using var fleet = await Fleet.StartAsync();
        var message = await RefusedAsync(data: fleet.DataDir);
        Assert.Contains(fleet.DataDir, message);
        Assert.Equal("ok", (await fleet.GetAsync("/health")).GetProperty("status").GetString());
    }

    private static async Task<string> RefusedAsync(
        string? data = null, string? kernelDir = null, string? guestBinary = null, string? more = null)
    {
        using var folder = new TemporaryFolder();
        var netns = $"hm-bad-{Guid.NewGuid().ToString("N")[..8]}";
        using var network = NetworkNamespace.Ensure(netns);
        try
        {
            var command = new Command("nsenter",
            [
                $"--net={network.Path}", "--", Artifacts.Server, "--data", data ?? folder.Path, "--api-port", "8080",
                "--kernel-dir", kernelDir ?? Artifacts.KernelDir, "--guest-binary", guestBinary ?? Artifacts.GuestBinary,
                .. more is null ? Array.Empty<string>() : [more],
            ]);
            var failure = await Assert.ThrowsAsync<CommandException>(() => command.RunAsync(TestContext.Current.CancellationToken));
            Assert.DoesNotContain("   at Hypeman.", failure.Message);
            return failure.Message;
        }
        finally
        {
            NetworkNamespace.Remove(netns);
        }
    }
}
