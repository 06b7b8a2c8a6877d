using Hypeman.Ingress.Listening;

namespace Hypeman.Tests.Ingress.Listening;

public class PortPlanTests
{
    [Theory]
    [InlineData(80, 80, 80)]
    [InlineData(8081, 8081, 80)]
    [InlineData(9000, 8081, 9000)]
    public void Rules_for_port_80_are_served_on_the_default_port(int localPort, int defaultPort, int rulePort) =>
        Assert.Equal(rulePort, PortPlan.RulePort(localPort, defaultPort));

    [Fact]
    public void Only_other_ports_are_opened_and_no_more_than_allowed()
    {
        Assert.Equal([81, 9000], PortPlan.ExtraPorts([9000, 80, 81, 8081], defaultPort: 8081, max: 10));
        Assert.Equal([81], PortPlan.ExtraPorts([9000, 80, 81], defaultPort: 8081, max: 1));
        Assert.Empty(PortPlan.ExtraPorts([0, -1, 70000], defaultPort: 80, max: 10));
    }
}
