using Hypeman.Contracts.Ingresses;

namespace Hypeman.Tests.Ingress.Routing;

public sealed class HostPatternTests
{
    [Theory]
    [InlineData("WWW.Example.com", "www.example.com", "www.example.com")]
    [InlineData("localhost", "localhost", "localhost")]
    [InlineData("{instance}.Example.com", "{instance}.example.com", "{}.example.com")]
    [InlineData("{a}.x.{B_1}", "{a}.x.{B_1}", "{}.x.{}")]
    [InlineData("{a}.{b}", "{a}.{b}", "{}.{}")]
    public void A_pattern_is_written_in_lower_case_and_has_a_shape(string text, string written, string shape)
    {
        var pattern = HostPattern.Parse(text);

        Assert.Equal((written, shape, !text.Contains('{', StringComparison.Ordinal)), (pattern.ToString(), pattern.Shape, pattern.IsLiteral));
    }

    [Theory]
    [InlineData("", "is not a hostname")]
    [InlineData("a..b", "is not a hostname")]
    [InlineData("-x.example.com", "is not a hostname")]
    [InlineData("example.com\n", "is not a hostname")]
    [InlineData("*.example.com", "name the label instead")]
    [InlineData("{a}", "has 1 labels; a pattern has 2 to 16")]
    [InlineData("{a}.1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16", "has 17 labels")]
    [InlineData("web-{a}.example.com", "is a whole label")]
    [InlineData("{a-b}.example.com", "is a whole label")]
    [InlineData("{1}.example.com", "is a whole label")]
    [InlineData("{}.example.com", "is a whole label")]
    [InlineData("{a}.{a}.example.com", "has the capture '{a}' twice")]
    public void What_is_none_is_refused_with_what_would_be_right(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<FormatException>(() => HostPattern.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void What_a_hostname_captures_is_filled_in()
    {
        var pattern = HostPattern.Parse("{branch}.{app}.example.com");

        Assert.Equal("shop-main", pattern.Fill("{app}-{branch}", ["main", "shop", "example", "com"]));
        Assert.Null(pattern.Fill("{app}-{branch}", ["main", "{branch}", "example", "com"]));
        Assert.Null(pattern.Fill("{app}-{branch}", ["", "shop", "example", "com"]));
    }
}
