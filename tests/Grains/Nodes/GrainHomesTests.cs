using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Grains.Nodes;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing.Index;

namespace Hypeman.Tests.Grains.Nodes;

public sealed class GrainHomesTests
{
    private static readonly GrainId Known = GrainId.Create("instance", GrainKeys.InstancePrefix + "known");
    private static readonly GrainId Unknown = GrainId.Create("instance", GrainKeys.InstancePrefix + "unknown");

    private readonly FaultyIndex _index = new(new InMemoryResourceIndex());
    private readonly GrainHomes _homes;

    public GrainHomesTests() => _homes = new GrainHomes(_index);

    [Fact]
    public async Task The_home_is_what_the_index_says_now()
    {
        await _index.InsertAsync(Row("node-0", 1), []);
        Assert.Equal("node-0", await _homes.FindAsync(Known));
        await _index.UpdateAsync(Row("node-1", 2));
        Assert.Equal("node-1", await _homes.FindAsync(Known));
        Assert.Null(await _homes.FindAsync(Unknown));
    }

    [Fact]
    public async Task While_the_database_is_away_the_home_is_what_it_was_and_what_was_not_asked_for_fails()
    {
        await _index.InsertAsync(Row("node-0", 1), []);
        await _homes.FindAsync(Known);

        _index.IsDown = true;

        Assert.Equal("node-0", await _homes.FindAsync(Known));
        Assert.Equal("unavailable", (await Assert.ThrowsAsync<HypemanException>(() => _homes.FindAsync(Unknown))).Code);
    }

    private static ResourceRow Row(string home, long version) => new()
    {
        Kind = ResourceKind.Instance,
        Id = "known",
        Name = "known",
        Home = home,
        State = "Running",
        Summary = "{}",
        Version = version,
        CreatedAt = Some.Time,
    };
}
