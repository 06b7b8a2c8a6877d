using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Tests.NodeRuntime.Linux;

public sealed class CommandTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Input_goes_in_and_output_comes_out() =>
        Assert.Equal("ab\n", await new Command("cat") { Input = "ab\n" }.RunAsync(Cancel));

    [Fact]
    public async Task A_failure_says_which_tool_failed_how_and_why()
    {
        var failed = await Assert.ThrowsAsync<CommandException>(
            () => Command.RunAsync("sh", ["-c", "echo out; echo why >&2; exit 3"], Cancel));

        Assert.Equal("sh -c echo out; echo why >&2; exit 3 ended with 3: why", failed.Message);
        Assert.Equal(3, failed.ExitCode);
    }

    [Fact]
    public async Task A_missing_tool_is_named_with_its_package()
    {
        var missing = await Assert.ThrowsAsync<NodeException>(() => Command.RunAsync("no-such-tool", [], Cancel));
        Assert.Equal(NodeErrorKind.DependencyMissing, missing.Kind);
        Assert.Contains("apt-get install no-such-tool", missing.Message);
    }

    [Fact]
    public async Task A_tool_that_does_not_end_is_killed_with_its_children()
    {
        var command = new Command("sh", "-c", "sleep 60 & wait") { Timeout = TimeSpan.FromMilliseconds(200) };
        var late = await Assert.ThrowsAsync<NodeException>(() => command.RunAsync(Cancel));
        Assert.Equal(NodeErrorKind.TimedOut, late.Kind);
    }

    [Fact]
    public async Task A_tool_that_does_not_read_its_input_is_no_failure() =>
        Assert.Equal("", await new Command("true") { Input = new string('x', 1_000_000) }.RunAsync(Cancel));

    [Fact]
    public async Task More_output_than_is_kept_does_not_block_the_tool()
    {
        var output = await Command.RunAsync("head", ["-c", "9000000", "/dev/zero"], Cancel);
        Assert.Equal(4 * 1024 * 1024, output.Length);
    }
}
