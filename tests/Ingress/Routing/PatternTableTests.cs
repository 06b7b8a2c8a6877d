using Hypeman.Ingress;
using Hypeman.Ingress.Routing;
using Hypeman.Tests.Ingress.Fakes;
using Microsoft.Extensions.Options;

namespace Hypeman.Tests.Ingress.Routing;

/// <summary>Rules whose hostnames are patterns, as the table of all rules finds them.</summary>
public sealed class PatternTableTests
{
    private readonly RouteTable _routes = new(Options.Create(new IngressOptions()));

    [Fact]
    public void The_target_is_made_of_what_the_hostname_captures()
    {
        _routes.Set(Rows.Ingress("a", "{branch}.{app}.example.com", "{app}-{branch}", 8080, port: 81));

        Assert.Equal(new Route("a", "{branch}.{app}.example.com:81", "shop-main", 8080, IsCaptured: true), _routes.Find("main.shop.example.com", 81));
        Assert.Null(_routes.Find("main.shop.example.com", 80));
        Assert.Null(_routes.Find("shop.example.com", 81));
        Assert.Null(_routes.Find("x.main.shop.example.com", 81));
        Assert.Null(_routes.Find("main.shop.example.org", 81));
        Assert.Equal([81], _routes.Ports);
    }

    [Theory]
    [InlineData("web.example.com", "exact")]
    [InlineData("api.example.com", "api")]
    [InlineData("api.example.org", "by-domain")]
    [InlineData("www.example.org", "www-everywhere")]
    [InlineData("api.other.org", "anything")]
    public void The_most_exact_rule_counts_whichever_came_first(string host, string instance)
    {
        _routes.Set(Rows.Ingress("d", "{a}.{b}.org", "anything"));
        _routes.Set(Rows.Ingress("c", "www.{b}.org", "www-everywhere"));
        _routes.Set(Rows.Ingress("b", "{a}.example.com", "{a}"));
        _routes.Set(Rows.Ingress("e", "api.{b}.com", "further-to-the-right"));
        _routes.Set(Rows.Ingress("f", "api.example.{tld}", "by-domain"));
        _routes.Set(Rows.Ingress("a", "web.example.com", "exact"));

        Assert.Equal(instance, _routes.Find(host, 80)?.Instance);
    }

    [Theory]
    [InlineData("{}.example.com")]
    [InlineData("{instance}.example.com")]
    [InlineData("*.example.com")]
    [InlineData(".example.com")]
    [InlineData("a b.example.com")]
    [InlineData("a/b.example.com")]
    public void A_host_that_is_none_captures_nothing(string host)
    {
        _routes.Set(Rows.Ingress("a", "{instance}.example.com", "{instance}"));

        Assert.Null(_routes.Find(host, 80));
    }

    [Fact]
    public void A_pattern_is_gone_with_its_ingress_and_its_port_with_the_last()
    {
        _routes.Set(Rows.Ingress("a", "{i}.example.com", "{i}", port: 81));
        _routes.Set(Rows.Ingress("b", "{i}.example.org", "{i}", port: 81));

        _routes.Remove("a");
        Assert.Null(_routes.Find("web.example.com", 81));
        Assert.NotNull(_routes.Find("web.example.org", 81));
        Assert.Equal([81], _routes.Ports);
        _routes.Remove("b");
        Assert.Empty(_routes.Ports);
        Assert.Null(_routes.Find("web.example.org", 81));
    }
}
