using Hypeman.Gateway.Values;

namespace Hypeman.Tests.Gateway.Values;

public sealed class SizesTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1", 1)]
    [InlineData("007", 7)]
    [InlineData("5B", 5)]
    [InlineData("5b", 5)]
    [InlineData("5 byte", 5)]
    [InlineData("1K", 1L << 10)]
    [InlineData("1k", 1L << 10)]
    [InlineData("1KB", 1L << 10)]
    [InlineData("1kb", 1L << 10)]
    [InlineData("1kB", 1L << 10)]
    [InlineData("1 kilobyte", 1L << 10)]
    [InlineData("2Kilobytes", 2L << 10)]
    [InlineData("512MB", 512L << 20)]
    [InlineData("512m", 512L << 20)]
    [InlineData("1 megabytes", 1L << 20)]
    [InlineData("5 GB", 5L << 30)]
    [InlineData("5   GB", 5L << 30)]
    [InlineData("5GB ", 5L << 30)]
    [InlineData("1gigabyte", 1L << 30)]
    [InlineData("1T", 1L << 40)]
    [InlineData("1terabyte", 1L << 40)]
    [InlineData("1PB", 1L << 50)]
    [InlineData("1petabytes", 1L << 50)]
    [InlineData("7EB", 7L << 60)]
    [InlineData("1exabyte", 1L << 60)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void Sizes_are_numbers_with_units_of_1024(string text, long bytes)
    {
        Assert.True(Sizes.TryParseBytes(text, out var parsed, out var problem), problem);
        Assert.Equal(bytes, parsed);
        Assert.Empty(problem);
    }

    [Theory]
    [InlineData("", "does not begin with a number")]
    [InlineData(" 1GB", "does not begin with a number")]
    [InlineData("-1GB", "does not begin with a number")]
    [InlineData("+1GB", "does not begin with a number")]
    [InlineData("GB", "does not begin with a number")]
    [InlineData("1.5GB", "has a fraction")]
    [InlineData(".5GB", "does not begin with a number")]
    [InlineData("1,5GB", "has no known unit")]
    [InlineData("1GiB", "has no known unit")]
    [InlineData("1XB", "has no known unit")]
    [InlineData("1BB", "has no known unit")]
    [InlineData("1bytes", "has no known unit")]
    [InlineData("1kilobytess", "has no known unit")]
    [InlineData("1 G B", "has no known unit")]
    [InlineData("1GB/s", "has no known unit")]
    [InlineData("0x10", "has no known unit")]
    [InlineData("1Kb", "in bits")]
    [InlineData("1Mb", "in bits")]
    [InlineData("1Gb", "in bits")]
    [InlineData("1Tb", "in bits")]
    [InlineData("1Pb", "in bits")]
    [InlineData("1Eb", "in bits")]
    [InlineData("8EB", "too large")]
    [InlineData("16EB", "too large")]
    [InlineData("9223372036854775808", "too large")]
    [InlineData("18446744073709551615", "too large")]
    [InlineData("18446744073709551616", "too large")]
    [InlineData("18446744073709551615EB", "too large")]
    [InlineData("99999999999999999999999999999999999999999999999999", "too large")]
    public void What_is_no_size_is_refused_with_the_reason(string text, string reason)
    {
        Assert.False(Sizes.TryParseBytes(text, out var parsed, out var problem));
        Assert.Equal(0, parsed);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("100MB/s", 100L << 20)]
    [InlineData("100MBps", 100L << 20)]
    [InlineData("100MB", 100L << 20)]
    [InlineData("100 MB/s", 100L << 20)]
    [InlineData("0", 0)]
    public void Rates_are_sizes_per_second(string text, long bytes)
    {
        Assert.True(Sizes.TryParseRate(text, out var parsed, out var problem), problem);
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("100Mbps")]
    [InlineData("MB/s")]
    [InlineData("/s")]
    [InlineData("100MB/m")]
    public void What_is_no_rate_is_refused(string text) => Assert.False(Sizes.TryParseRate(text, out _, out _));

    [Theory]
    [InlineData("8bps", 1)]
    [InlineData("15bps", 1)]
    [InlineData("0bps", 0)]
    [InlineData("8Kbps", 1_000)]
    [InlineData("100Mbps", 12_500_000)]
    [InlineData("100mbps", 12_500_000)]
    [InlineData("1Gbps", 125_000_000)]
    [InlineData("1 gbps", 125_000_000)]
    [InlineData("125MB/s", 125L << 20)]
    [InlineData("125MB", 125L << 20)]
    public void Bandwidths_are_decimal_bits_or_binary_bytes(string text, long bytes)
    {
        Assert.True(Sizes.TryParseBandwidth(text, out var parsed, out var problem), problem);
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("7bps", "less than one byte")]
    [InlineData("bps", "does not begin with a number")]
    [InlineData("1Tbps", "no known unit")]
    [InlineData("1.5Gbps", "fraction")]
    [InlineData("18446744073709551615Gbps", "too large")]
    [InlineData("1Gb/s", "in bits")]
    public void What_is_no_bandwidth_is_refused_with_the_reason(string text, string reason)
    {
        Assert.False(Sizes.TryParseBandwidth(text, out _, out var problem));
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1, "1 B")]
    [InlineData(1024, "1024 B")]
    [InlineData(1025, "1.0 KB")]
    [InlineData(1536, "1.5 KB")]
    [InlineData(1L << 20, "1024.0 KB")]
    [InlineData(512L << 20, "512.0 MB")]
    [InlineData(1L << 30, "1024.0 MB")]
    [InlineData(5L << 30, "5.0 GB")]
    [InlineData(1L << 40, "1024.0 GB")]
    [InlineData(3L << 40, "3.0 TB")]
    [InlineData(3L << 50, "3.0 PB")]
    [InlineData(3L << 60, "3.0 EB")]
    [InlineData(long.MaxValue, "8.0 EB")]
    public void Sizes_print_with_a_unit_only_when_they_are_larger_than_it(long bytes, string text) =>
        Assert.Equal(text, Sizes.Print(bytes));

    [Fact]
    public void A_rate_of_zero_is_no_limit_and_not_printed()
    {
        Assert.Null(Sizes.PrintRate(0));
        Assert.Equal("100.0 MB/s", Sizes.PrintRate(100L << 20));
    }
}
