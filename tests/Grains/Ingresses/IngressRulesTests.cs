using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Ingresses;
using Hypeman.Grains.Certificates;
using Hypeman.Grains.Ingresses;
using Hypeman.Tests.Grains.Certificates;

namespace Hypeman.Tests.Grains.Ingresses;

public sealed class IngressRulesTests
{
    private static readonly IngressRule Rule = new() { Hostname = "www.example.com", TargetInstance = "web", TargetPort = 80 };

    private static readonly string Secret = new('s', HeaderSecret.ShortestValue);

    private static readonly CertificatePolicy Issuing = new() { Issuer = new FakeIssuer(), AllowedDomains = ["*"] };

    public static TheoryData<IngressRule, string> BadRules => new()
    {
        { Rule with { Hostname = "" }, "is not a hostname" },
        { Rule with { Hostname = "-x.example.com" }, "is not a hostname" },
        { Rule with { Hostname = "a..b" }, "is not a hostname" },
        { Rule with { Hostname = "a b" }, "is not a hostname" },
        { Rule with { Hostname = new string('a', 64) + ".com" }, "is not a hostname" },
        { Rule with { Hostname = "*.example.com" }, "wildcards are not supported" },
        { Rule with { Hostname = "web-{name}.example.com", TargetInstance = "{name}" }, "a capture such as '{instance}' is a whole label" },
        { Rule with { Hostname = "{name}.example.com" }, "target.instance: must be made of what '{name}.example.com' captures, for example '{name}'" },
        { Rule with { Hostname = "{name}.example.com", TargetInstance = "{other}" }, "target.instance: '{other}' is not captured by the hostname" },
        { Rule with { TargetInstance = "{other}" }, "target.instance: '{other}' is not captured by the hostname" },
        { Rule with { TargetInstance = "a{b" }, "target.instance: 'a{b' is not the name of an instance" },
        { Rule with { HeaderAuth = HeaderSecret.Of("Authorization", Secret) }, "request_header_auth.header: 'Authorization' cannot be used for this" },
        { Rule with { HeaderAuth = HeaderSecret.Of("x-forwarded-user", Secret) }, "cannot be used for this; choose a name of your own" },
        { Rule with { HeaderAuth = HeaderSecret.Of("upgrade", Secret) }, "cannot be used for this" },
        { Rule with { HeaderAuth = HeaderSecret.Of("X Key", Secret) }, "request_header_auth.header: must be the name of a header" },
        { Rule with { WakeFilter = new() { ExceptPaths = ["/ok", "no"] } }, "wake_filter.except_paths[1]: 'no' fits no path; begin it with / or *" },
        { Rule with { WakeFilter = new() { ExceptUserAgents = [new string('a', 257)] } }, "except_user_agents[0]: a pattern has at most 256" },
        { Rule with { WakeFilter = new() { OnlyPaths = [.. Enumerable.Repeat("/", 65)] } }, "wake_filter.only_paths: may have 64 patterns, but has 65" },
        { Rule with { Port = 0 }, "match.port: must be between 1 and 65535" },
        { Rule with { Port = 65536 }, "match.port: must be between 1 and 65535" },
        { Rule with { TargetPort = 0 }, "target.port: must be between 1 and 65535" },
        { Rule with { TargetInstance = "" }, "must name an instance" },
        { Rule with { RedirectHttp = true }, "needs tls" },
        { Rule with { Tls = true, RedirectHttp = true }, "redirect_http: needs another port than 80 for https" },
    };

    [Theory, MemberData(nameof(BadRules))]
    public void A_bad_rule_is_refused_by_its_place_and_reason(IngressRule bad, string reason)
    {
        var error = Assert.Throws<HypemanException>(() => Check(Spec(Rule, bad)));

        Assert.Equal((ErrorKind.InvalidRequest, "bad_request"), (error.Kind, error.Code));
        Assert.StartsWith("rules[1].", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Hostnames_are_kept_in_lower_case() =>
        Assert.Equal("www.example.com", Check(Spec(Rule with { Hostname = "WWW.Example.com" })).Rules[0].Hostname);

    [Fact]
    public void The_same_host_and_port_cannot_be_twice_in_one_ingress()
    {
        Assert.Throws<HypemanException>(() => Check(Spec(Rule, Rule with { Hostname = "WWW.example.com" })));
        Check(Spec(Rule, Rule with { Port = 81 }));
    }

    [Fact]
    public void A_pattern_names_its_target_by_what_it_captures()
    {
        var rule = Rule with { Hostname = "{Branch}.{app}.Example.com", TargetInstance = "{app}-{Branch}" };

        Assert.Equal("{Branch}.{app}.example.com", Check(Spec(rule)).Rules[0].Hostname);
        Assert.Equal(["{}.{}.example.com:80"], IngressRules.Claims(rule));
        Assert.Throws<HypemanException>(() => Check(Spec(rule, Rule with { Hostname = "{a}.{b}.example.com", TargetInstance = "{a}" })));
    }

    [Fact]
    public void An_ingress_needs_a_name_and_a_rule()
    {
        Assert.Throws<HypemanException>(() => Check(Spec() with { Rules = [] }));
        Assert.Throws<HypemanException>(() => Check(Spec(Rule) with { Name = "Not-Good" }));
    }

    [Fact]
    public void The_hostname_of_the_API_is_not_to_be_had_on_any_port()
    {
        var error = Assert.Throws<HypemanException>(() => Check(Spec(Rule with { Hostname = "API.example.com", Port = 8080 })));

        Assert.Equal((ErrorKind.Conflict, "hostname_in_use"), (error.Kind, error.Code));
    }

    [Fact]
    public void One_that_sends_callers_to_https_holds_port_80_of_its_hostname_too()
    {
        var rule = Rule with { Port = 443, Tls = true, RedirectHttp = true };

        Assert.Equal(["www.example.com:443", "www.example.com:80"], IngressRules.Claims(rule));
        Assert.Throws<HypemanException>(() => Check(Spec(rule, Rule)));
    }

    [Theory]
    [InlineData("www.example.com", "*", true)]
    [InlineData("www.example.com", "*.example.com", true)]
    [InlineData("{instance}.example.com", "*.example.com", true)]
    [InlineData("www.example.com", "example.org,www.example.com", true)]
    [InlineData("example.com", "*.example.com", false)]
    [InlineData("a.b.example.com", "*.example.com", false)]
    [InlineData("{instance}.b.example.com", "*.example.com", false)]
    [InlineData("www.example.com", "", false)]
    public void A_hostname_may_have_TLS_where_its_domain_is_allowed(string host, string allowed, bool may)
    {
        var rule = Rule with { Hostname = host, TargetInstance = host.StartsWith('{') ? "{instance}" : "web", Port = 443, Tls = true };
        var policy = Issuing with { AllowedDomains = allowed.Split(',', StringSplitOptions.RemoveEmptyEntries) };

        if (may)
            IngressRules.Check(Spec(rule), policy, new ReservedHostname());
        else
            Assert.Equal("domain_not_allowed", Assert.Throws<HypemanException>(() => IngressRules.Check(Spec(rule), policy, new ReservedHostname())).Code);
    }

    [Theory]
    [InlineData("{instance}.example.com", "{instance}", false, true)]
    [InlineData("{branch}.{app}.example.com", "{app}-{branch}", false, true)]
    [InlineData("{any}.{instance}.example.com", "{instance}", false, false)]
    [InlineData("{any}.{instance}.example.com", "{instance}", true, false)]
    public void A_pattern_has_TLS_where_callers_cannot_make_up_hostnames_without_end(string host, string target, bool canBeWildcard, bool may)
    {
        var rule = Rule with { Hostname = host, TargetInstance = target, Port = 443, Tls = true };
        var policy = Issuing with { CanBeWildcard = canBeWildcard };

        if (may)
            IngressRules.Check(Spec(rule), policy, new ReservedHostname());
        else
            Assert.Contains(
                "rules[0].tls: '{any}' may be anything",
                Assert.Throws<HypemanException>(() => IngressRules.Check(Spec(rule), policy, new ReservedHostname())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_an_issuer_there_is_no_TLS_and_the_error_says_how_there_would_be()
    {
        var error = Assert.Throws<HypemanException>(
            () => IngressRules.Check(Spec(Rule with { Tls = true, Port = 443 }), new CertificatePolicy(), new ReservedHostname()));

        Assert.Equal("bad_request", error.Code);
        Assert.Contains("rules[0].tls: needs certificates, which nobody issues here: set acme.email", error.Message, StringComparison.Ordinal);
    }

    private static IngressSpec Check(IngressSpec spec) => IngressRules.Check(spec, Issuing, new ReservedHostname("api.example.com"));

    private static IngressSpec Spec(params IngressRule[] rules) => new() { Name = "site", Rules = rules };
}
