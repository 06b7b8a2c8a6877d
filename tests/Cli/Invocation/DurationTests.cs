using Hypeman.Cli.Invocation;

namespace Hypeman.Tests.Cli.Invocation;

public class DurationTests
{
    [Theory]
    [InlineData("90s", 90)]
    [InlineData("5m", 300)]
    [InlineData("1h30m", 5400)]
    [InlineData("1.5s", 1.5)]
    [InlineData("250ms", 0.25)]
    [InlineData("2d", 172800)]
    public void Durations_are_read_as_the_API_writes_them(string text, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Duration.TryParse(text));

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("5x")]
    [InlineData("0s")]
    [InlineData("-5s")]
    [InlineData("1h30")]
    [InlineData("1.2.3s")]
    public void Anything_else_is_none(string text) => Assert.Null(Duration.TryParse(text));
}
