using System.Text.Json;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Tests.EndToEnd;

/// <summary>The hypeman command against a real fleet.</summary>
[Trait("Category", "Vm")]
public class CommandLineTests(FleetFixture fixture) : IClassFixture<FleetFixture>
{
    private readonly Fleet _fleet = fixture.Fleet;

    [Fact]
    public async Task An_instance_is_run_used_and_removed()
    {
        await HypemanAsync("run", TestImage.Busybox.Name, "--name", "cli", "--memory", "256MB", "--wait");
        var listed = JsonSerializer.Deserialize<JsonElement>(await HypemanAsync("ps", "--json"));
        Assert.Contains(listed.EnumerateArray(), instance => instance.GetProperty("name").GetString() == "cli");

        Assert.Equal("from the guest\n", await HypemanAsync("exec", "cli", "--", "echo", "from the guest"));
        var failure = await Assert.ThrowsAsync<CommandException>(() => HypemanAsync("exec", "cli", "--", "sh", "-c", "exit 9"));
        Assert.Equal(9, failure.ExitCode);

        var file = Path.Combine(_fleet.DataDir, "sent.txt");
        await File.WriteAllTextAsync(file, "content\n", TestContext.Current.CancellationToken);
        await HypemanAsync("cp", file, "cli:/tmp/sent.txt");
        Assert.Equal("content\n", await HypemanAsync("exec", "cli", "--", "cat", "/tmp/sent.txt"));

        await HypemanAsync("stop", "cli");
        Assert.Contains("Stopped", await HypemanAsync("get", "cli", "--json"));
        await HypemanAsync("rm", "cli");
        var gone = await Assert.ThrowsAsync<CommandException>(() => HypemanAsync("get", "cli"));
        Assert.Contains("not found", gone.Message);
    }

    private Task<string> HypemanAsync(params string[] arguments) => _fleet.RunAsync(Artifacts.Cli, arguments);
}
