using System.Net;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Networks;

namespace Hypeman.Tests.NodeRuntime.Networks;

public sealed class VmSubnetTests
{
    [Fact]
    public void Every_address_but_three_is_given_out_once()
    {
        var subnet = VmSubnet.Parse("192.0.2.64/27");
        var used = new HashSet<IPAddress>();
        for (var i = 0; i < 29; i++)
            Assert.True(used.Add(subnet.Pick(used)));

        Assert.Equal(NodeErrorKind.InsufficientResources, Assert.Throws<NodeException>(() => subnet.Pick(used)).Kind);
        Assert.DoesNotContain(IPAddress.Parse("192.0.2.64"), used);
        Assert.DoesNotContain(subnet.Gateway, used);
        Assert.DoesNotContain(IPAddress.Parse("192.0.2.95"), used);
        Assert.All(used, address => Assert.True(subnet.Cidr.Contains(address)));
    }

    [Fact]
    public void Addresses_of_a_node_have_different_macs_and_offsets()
    {
        var subnet = VmSubnet.Parse("10.100.0.0/16");
        Assert.Equal("10.100.0.1", subnet.Gateway.ToString());
        Assert.Equal("02:00:00:64:12:34", VmSubnet.MacOf(IPAddress.Parse("10.100.18.52")));
        Assert.Equal(0x1234u, subnet.OffsetOf(IPAddress.Parse("10.100.18.52")));
        Assert.Throws<ArgumentException>(() => subnet.OffsetOf(IPAddress.Parse("10.101.0.1")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("10.100.0.0")]
    [InlineData("10.0.0.0/7")]
    [InlineData("10.100.0.0/30")]
    [InlineData("fd00::/64")]
    public void A_bad_subnet_is_refused_with_an_example(string cidr)
    {
        var refused = Assert.Throws<NodeException>(() => VmSubnet.Parse(cidr));
        Assert.Equal(NodeErrorKind.Invalid, refused.Kind);
        Assert.Contains("10.100.0.0/16", refused.Message);
    }

    [Fact]
    public void The_link_of_a_node_avoids_what_the_host_has()
    {
        const string pool = "169.254.96.0/28";
        var first = LinkPool.Pick(pool, "node", []);
        Assert.Equal(first, LinkPool.Pick(pool, "node", []));

        var taken = new List<IPNetwork> { IPNetwork.Parse("169.254.96.0/29") };
        var picked = LinkPool.Pick(pool, "node", taken);
        Assert.DoesNotContain(taken, network => network.Contains(picked.Host));
        taken.Add(picked.Network);
        var second = LinkPool.Pick(pool, "node", taken);
        Assert.NotEqual(picked, second);
        taken.Add(new IPNetwork(second.Host, 32));

        Assert.Equal(
            NodeErrorKind.InsufficientResources,
            Assert.Throws<NodeException>(() => LinkPool.Pick(pool, "node", taken)).Kind);
        Assert.Equal(
            NodeErrorKind.Invalid, Assert.Throws<NodeException>(() => LinkPool.Pick("10.0.0.0/31", "node", [])).Kind);
    }
}
