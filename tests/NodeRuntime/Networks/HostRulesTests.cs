using Hypeman.NodeRuntime.Networks;

namespace Hypeman.Tests.NodeRuntime.Networks;

public sealed class HostRulesTests
{
    [Theory]
    [InlineData("drop", "filter FORWARD")]
    [InlineData("accept", null)]
    public void A_chain_that_drops_what_it_does_not_know_is_found(string policy, string? found) => Assert.Equal(
        found,
        HostRules.FindBlocker(
            $$"""
            table ip hypeman_node_a {
            	chain through_host {
            		type filter hook forward priority filter; policy accept;
            	}
            }
            table ip filter {
            	chain DOCKER-USER {
            	}
            	chain FORWARD {
            		type filter hook forward priority filter; policy {{policy}};
            	}
            }
            """));
}
