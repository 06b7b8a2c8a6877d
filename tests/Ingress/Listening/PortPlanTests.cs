using Hypeman.Ingress.Listening;

namespace Hypeman.Tests.Ingress.Listening;

public class PortPlanTests
{
    [Theory]
    [InlineData(80, 80, 443, 80)]
    [InlineData(443, 80, 443, 443)]
    [InlineData(8081, 8081, 8443, 80)]
    [InlineData(8443, 8081, 8443, 443)]
    [InlineData(9000, 8081, 8443, 9000)]
    public void Rules_for_ports_80_and_443_are_served_where_the_host_has_room_for_them(int localPort, int defaultPort, int tlsPort, int rulePort) =>
        Assert.Equal(rulePort, new PortPlan(defaultPort, tlsPort).RulePort(localPort));

    [Fact]
    public void Only_other_ports_are_opened_and_no_more_than_allowed()
    {
        var plan = new PortPlan(8081, 8443);

        Assert.Equal([81, 9000], plan.ExtraPorts([9000, 80, 81, 8081, 8443], max: 10));
        Assert.Equal([81, 8443], plan.ExtraPorts([443, 80, 81], max: 10));
        Assert.Equal([81], plan.ExtraPorts([9000, 80, 81], max: 1));
        Assert.Empty(plan.ExtraPorts([0, -1, 70000], max: 10));
    }
}
