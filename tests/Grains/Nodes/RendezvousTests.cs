using Hypeman.Contracts.Nodes;

namespace Hypeman.Tests.Grains.Nodes;

public sealed class RendezvousTests
{
    [Fact]
    public void When_one_goes_only_its_own_keys_move()
    {
        string[] all = ["a", "b", "c"];
        string[] left = ["c", "a"];

        foreach (var key in Enumerable.Range(0, 200).Select(at => $"key-{at}"))
        {
            var before = Rendezvous.Pick(all, key, name => name);
            var after = Rendezvous.Pick(left, key, name => name);
            Assert.True(before == "b" || before == after);
        }
    }
}
