using Hypeman.Ingress.Routing;

namespace Hypeman.Tests.Ingress.Routing;

public class HostnameTests
{
    [Theory]
    [InlineData("example.com", "example.com")]
    [InlineData("Example.COM", "example.com")]
    [InlineData("example.com.", "example.com")]
    [InlineData("example.com:8080", "example.com")]
    [InlineData("example.com.:80", "example.com")]
    [InlineData("example.com:", "example.com")]
    [InlineData("localhost", "localhost")]
    [InlineData("127.0.0.1:80", "127.0.0.1")]
    [InlineData("[::1]", "::1")]
    [InlineData("[0:0::1]:8080", "::1")]
    [InlineData("[FE80::A]", "fe80::a")]
    public void Spellings_of_one_host_are_one(string header, string host) => Assert.Equal(host, Hostname.Normalize(header));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a..")]
    [InlineData(":80")]
    [InlineData("a:b")]
    [InlineData("a:80:90")]
    [InlineData("a:999999")]
    [InlineData("[::1")]
    [InlineData("[::1]x")]
    [InlineData("[127.0.0.1]")]
    [InlineData("::1")]
    public void What_is_no_host_is_empty(string header) => Assert.Equal("", Hostname.Normalize(header));

    [Theory]
    [InlineData("/a@b", false)]
    [InlineData("*", false)]
    [InlineData("http://web.example.com/a@b", false)]
    [InlineData("http://web.example.com?a@b", false)]
    [InlineData("http://user@web.example.com/", true)]
    [InlineData("http://user:secret@web.example.com", true)]
    public void A_target_with_a_user_is_told_from_one_without(string target, bool has) => Assert.Equal(has, Hostname.HasUser(target));
}
