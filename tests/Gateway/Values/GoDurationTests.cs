using Hypeman.Gateway.Values;

namespace Hypeman.Tests.Gateway.Values;

public sealed class GoDurationTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("-0", 0)]
    [InlineData("+0", 0)]
    [InlineData("0s", 0)]
    [InlineData("100ns", 1)]
    [InlineData("99ns", 0)]
    [InlineData("1us", 10)]
    [InlineData("1\u00b5s", 10)]
    [InlineData("1\u03bcs", 10)]
    [InlineData("1ms", 10_000)]
    [InlineData("1s", 10_000_000)]
    [InlineData("+5s", 50_000_000)]
    [InlineData("-5s", -50_000_000)]
    [InlineData("1.5s", 15_000_000)]
    [InlineData(".5s", 5_000_000)]
    [InlineData("1.s", 10_000_000)]
    [InlineData("5m", 3_000_000_000)]
    [InlineData("1h30m", 54_000_000_000)]
    [InlineData("1m1h", 36_600_000_000)]
    [InlineData("2562047h47m16.854775807s", 92_233_720_368_547_758)]
    public void Durations_are_sums_of_numbers_with_units(string text, long ticks)
    {
        Assert.True(GoDuration.TryParse(text, out var duration, out var problem), problem);
        Assert.Equal(ticks, duration.Ticks);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("+")]
    [InlineData("s")]
    [InlineData("1")]
    [InlineData("60")]
    [InlineData(".s")]
    [InlineData("1..5s")]
    [InlineData("1d")]
    [InlineData("1S")]
    [InlineData("1 s")]
    [InlineData(" 1s")]
    [InlineData("1s ")]
    [InlineData("--1s")]
    [InlineData("1s-1s")]
    [InlineData("1e3s")]
    [InlineData("2562047h47m16.854775808s")]
    [InlineData("2562048h")]
    [InlineData("99999999999999999999999999h")]
    [InlineData("99999999999999999999999999999999999999999999s")]
    public void What_is_no_duration_is_refused_with_the_reason(string text)
    {
        Assert.False(GoDuration.TryParse(text, out var duration, out var problem));
        Assert.Equal(TimeSpan.Zero, duration);
        Assert.Contains('"' + text + '"', problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0", "0s")]
    [InlineData("300ms", "300ms")]
    [InlineData("1.5ms", "1.5ms")]
    [InlineData("1.5s", "1.5s")]
    [InlineData("120s", "2m0s")]
    [InlineData("90m", "1h30m0s")]
    [InlineData("49h0m1s", "49h0m1s")]
    [InlineData("-5s", "-5s")]
    public void They_are_written_as_Go_writes_them(string text, string expected)
    {
        Assert.True(GoDuration.TryParse(text, out var duration, out _));
        Assert.Equal(expected, GoDuration.Format(duration));
    }
}
