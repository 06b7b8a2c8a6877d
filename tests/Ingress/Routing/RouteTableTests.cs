using Hypeman.Contracts.Ingresses;
using Hypeman.Ingress;
using Hypeman.Ingress.Routing;
using Hypeman.Tests.Ingress.Fakes;
using Microsoft.Extensions.Options;

namespace Hypeman.Tests.Ingress.Routing;

public class RouteTableTests
{
    private readonly RouteTable _routes = new(Options.Create(new IngressOptions()));

    [Fact]
    public void A_rule_is_found_by_host_and_port_only()
    {
        _routes.Set(Rows.Ingress("a", "Web.Example.com", "web", 8080, port: 81));

        Assert.Equal(new Route("a", "web.example.com:81", "web", 8080), _routes.Find("web.example.com", 81));
        Assert.Null(_routes.Find("web.example.com", 80));
        Assert.Null(_routes.Find("other.example.com", 81));
        Assert.Equal([81], _routes.Ports);
    }

    [Fact]
    public void A_changed_ingress_loses_the_rules_it_no_longer_has()
    {
        _routes.Set(Rows.Ingress("a", "old.example.com", "web", port: 81));
        _routes.Set(Rows.Ingress("a", "new.example.com", "web", port: 82));

        Assert.Null(_routes.Find("old.example.com", 81));
        Assert.NotNull(_routes.Find("new.example.com", 82));
        Assert.Equal([82], _routes.Ports);
    }

    [Fact]
    public void A_port_is_wanted_until_its_last_rule_is_gone()
    {
        _routes.Set(Rows.Ingress("a", "a.example.com", "web", port: 81));
        _routes.Set(Rows.Ingress("b", "b.example.com", "web", port: 81));

        _routes.Remove("a");
        Assert.Equal([81], _routes.Ports);
        _routes.Remove("b");
        Assert.Empty(_routes.Ports);
        _routes.Remove("b");
    }

    [Fact]
    public void The_older_of_two_holders_serves_and_the_other_takes_over_when_it_goes()
    {
        _routes.Set(Rows.Ingress("new", "web.example.com", "second") with { CreatedAt = Rows.Start.AddSeconds(1) });
        _routes.Set(Rows.Ingress("old", "web.example.com", "first"));
        Assert.Equal("first", _routes.Find("web.example.com", 80)?.Instance);

        _routes.Remove("old");
        Assert.Equal("second", _routes.Find("web.example.com", 80)?.Instance);
    }

    [Fact]
    public void A_rule_with_tls_is_for_https_and_has_port_80_only_to_send_callers_on()
    {
        var rule = new IngressRule { Hostname = "web.example.com", Port = 443, TargetInstance = "web", TargetPort = 80, Tls = true };
        _routes.Set(Rows.Ingress("a", "x", "web") with { Rules = [rule, rule with { Hostname = "{x}.apps.example.com", RedirectHttp = true }] });

        Assert.True(_routes.Find("web.example.com", 443) is { Tls: true, Redirect: null });
        Assert.Null(_routes.Find("web.example.com", 80));
        Assert.True(_routes.Find("a.apps.example.com", 443) is { Tls: true, Redirect: null });
        Assert.True(_routes.Find("a.apps.example.com", 80) is { Tls: false, Redirect: 443 });
    }

    [Fact]
    public void Ten_thousand_hosts_come_go_and_are_found()
    {
        const int Count = 10_000;
        for (var i = 0; i < Count; i++)
            _routes.Set(Rows.Ingress($"i{i}", $"h{i}.example.com", $"web{i}"));
        for (var i = 0; i < Count; i += 2)
            _routes.Remove($"i{i}");

        for (var i = 0; i < Count; i++)
            Assert.Equal(i % 2 == 0 ? null : $"web{i}", _routes.Find($"h{i}.example.com", 80)?.Instance);
    }
}
