using Hypeman.Contracts.Index;
using Hypeman.Storage.Databases;
using Hypeman.Storage.Index;
using Hypeman.Tests.Storage.Databases;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hypeman.Tests.Storage.Index;

public sealed class SqliteResourceIndexTests : ResourceIndexTests
{
    protected override Task<TestDatabase> NewAsync() => Task.FromResult(TestDatabase.Sqlite());
}

public sealed class PostgresResourceIndexTests(PostgresServer server) : ResourceIndexTests
{
    protected override Task<TestDatabase> NewAsync() => TestDatabase.PostgresAsync(server);
}

/// <summary>What everybody who writes or reads the index counts on.</summary>
public abstract class ResourceIndexTests : DatabaseTests
{
    private static readonly DateTimeOffset Epoch = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    private ResourceIndex _index = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _index = Index(await Store.OpenAsync());
    }

    [Fact]
    public async Task A_row_comes_back_as_it_was_put()
    {
        var row = Row("a1", "web") with
        {
            Parent = "sha256:1",
            Home = "node1",
            Epoch = 7,
            Tags = new Dictionary<string, string> { ["team"] = "blue", ["empty"] = "" },
            Summary = """{"text":"'; DROP TABLE resources; -- ü 🚀"}""",
        };
        await _index.InsertAsync(row, ["web"], Cancelled);

        Assert.Equivalent(row, await _index.GetAsync(ResourceKind.Instance, "a1", Cancelled), strict: true);
        Assert.Null(await _index.GetAsync(ResourceKind.Image, "a1", Cancelled));
    }

    [Fact]
    public async Task A_claim_has_one_holder_of_a_kind_and_the_refused_row_leaves_nothing()
    {
        await _index.InsertAsync(Row("a1", "web"), ["web", "host:80"], Cancelled);

        var refused = await Assert.ThrowsAsync<ResourceClaimedException>(
            () => _index.InsertAsync(Row("b2", "other"), ["other", "host:80"], Cancelled));

        Assert.Equal(("host:80", "a1"), (refused.Claim, refused.HeldBy));
        Assert.Null(await _index.GetAsync(ResourceKind.Instance, "b2", Cancelled));
        await _index.InsertAsync(Row("c3", "other"), ["other"], Cancelled);
        await _index.InsertAsync(Row("a1", "web") with { Kind = ResourceKind.Ingress }, ["web"], Cancelled);
    }

    [Fact]
    public async Task Of_many_who_claim_a_name_at_once_one_gets_it()
    {
        var other = Index(await Store.OpenAsync());
        bool[] won = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            try
            {
                await (i % 2 == 0 ? _index : other).InsertAsync(Row($"id{i}", "web"), ["web"], Cancelled);
                return true;
            }
            catch (ResourceClaimedException)
            {
                return false;
            }
        }));
        Assert.Single(won, w => w);
    }

    [Fact]
    public async Task A_creation_that_was_cut_off_can_be_repeated_but_not_over_a_newer_row()
    {
        await _index.InsertAsync(Row("a1", "web"), ["web"], Cancelled);
        await _index.InsertAsync(Row("a1", "web") with { State = "Created" }, ["web", "more"], Cancelled);
        Assert.Equal("Created", (await _index.GetAsync(ResourceKind.Instance, "a1", Cancelled))!.State);

        await _index.UpdateAsync(Row("a1", "web") with { Version = 5 }, Cancelled);
        await Assert.ThrowsAsync<ResourceClaimedException>(() => _index.InsertAsync(Row("a1", "web"), ["web"], Cancelled));
    }

    [Fact]
    public async Task Deleting_frees_the_claims_and_may_be_repeated()
    {
        await _index.InsertAsync(Row("a1", "web"), ["web"], Cancelled);
        await _index.DeleteAsync(ResourceKind.Instance, "a1", Cancelled);
        await _index.DeleteAsync(ResourceKind.Instance, "a1", Cancelled);

        await _index.InsertAsync(Row("b2", "web"), ["web"], Cancelled);
        Assert.Null(await _index.GetAsync(ResourceKind.Instance, "a1", Cancelled));
    }

    [Fact]
    public async Task Only_a_higher_version_replaces_a_row()
    {
        await _index.InsertAsync(Row("a1", "web"), [], Cancelled);
        Assert.True(await _index.UpdateAsync(Row("a1", "web") with { Version = 3, State = "Running" }, Cancelled));
        Assert.False(await _index.UpdateAsync(Row("a1", "web") with { Version = 3, State = "Same" }, Cancelled));
        Assert.False(await _index.UpdateAsync(Row("a1", "web") with { Version = 2, State = "Older" }, Cancelled));
        Assert.False(await _index.UpdateAsync(Row("gone", "gone") with { Version = 9 }, Cancelled));

        Assert.Equal("Running", (await _index.GetAsync(ResourceKind.Instance, "a1", Cancelled))!.State);
    }

    [Fact]
    public async Task Finding_prefers_the_id_then_the_name_then_an_unambiguous_prefix()
    {
        await _index.InsertAsync(Row("abc1", "abc2"), [], Cancelled);
        await _index.InsertAsync(Row("abc2", "web"), [], Cancelled);
        await _index.InsertAsync(Row("xyz", "one"), [], Cancelled);

        Assert.Equal(["abc2"], await FindAsync("abc2", true));
        Assert.Equal(["abc2"], await FindAsync("web", true));
        Assert.Equal(["xyz"], await FindAsync("x", true));
        Assert.Equal(2, (await FindAsync("abc", true)).Length);
        Assert.Empty(await FindAsync("x", false));
    }

    [Theory]
    [InlineData("")]
    [InlineData("%")]
    [InlineData("_")]
    [InlineData("a%")]
    [InlineData("[a-z]")]
    [InlineData("*")]
    [InlineData("A")]
    [InlineData("'")]
    [InlineData("\\")]
    [InlineData("a\0")]
    [InlineData("\ud800")]
    [InlineData("ü🚀")]
    public async Task A_prefix_is_taken_as_it_is(string prefix)
    {
        await _index.InsertAsync(Row("abc1", "web"), [], Cancelled);
        Assert.Empty(await FindAsync(prefix, true));
        Assert.Null(await _index.GetAsync(ResourceKind.Instance, prefix, Cancelled));
    }

    [Fact]
    public async Task A_list_is_newest_first_and_complete_over_many_pages()
    {
        int count = (2 * ResourceReader.PageSize) + 3;
        for (int i = 0; i < count; i++)
            await _index.InsertAsync(Row($"id{i:d5}", $"n{i}") with { CreatedAt = Epoch.AddSeconds(i / 7) }, [], Cancelled);

        string[] listed = await ListAsync(new(ResourceKind.Instance));

        Assert.Equal(Enumerable.Range(0, count).Select(i => $"id{i:d5}").Reverse(), listed);
    }

    [Fact]
    public async Task A_glance_tells_of_the_rows_of_a_list_what_changes()
    {
        int count = ResourceReader.PageSize + 2;
        for (int i = 0; i < count; i++)
            await _index.InsertAsync(Row($"id{i:d5}", $"n{i}") with { Home = i == 0 ? "n1" : "n2", CreatedAt = Epoch.AddSeconds(i) }, [], Cancelled);
        await _index.UpdateAsync(Row("id00002", "n2") with { Home = "n2", Version = 7, State = "Running" }, Cancelled);

        var glances = await _index.GlanceAsync(new(ResourceKind.Instance) { Home = "n2" }, Cancelled).ToListAsync(Cancelled);

        Assert.Equal(Enumerable.Range(1, count - 1).Select(i => $"id{i:d5}").Reverse(), glances.Select(g => g.Id));
        Assert.Equal([("Running", 7), ("Stopped", 1)], glances.TakeLast(2).Select(g => (g.State, g.Version)));
    }

    [Fact]
    public async Task A_list_is_filtered_by_state_home_parent_and_all_tags()
    {
        await _index.InsertAsync(Row("a", "a") with { State = "Running", Home = "n1", Tags = Tags("team=blue", "env=dev") }, [], Cancelled);
        await _index.InsertAsync(Row("b", "b") with { State = "Running", Home = "n2", Tags = Tags("team=blue", "env=prod") }, [], Cancelled);
        await _index.InsertAsync(Row("c", "c") with { State = "Stopped", Home = "n1", Parent = "p", Tags = Tags("team=red") }, [], Cancelled);
        await _index.InsertAsync(Row("d", "d") with { Kind = ResourceKind.Image, State = "Running", Tags = Tags("team=blue") }, [], Cancelled);

        var all = new ResourceQuery(ResourceKind.Instance);
        Assert.Equal(["b", "a"], await ListAsync(all with { State = "Running" }));
        Assert.Equal(["c", "a"], await ListAsync(all with { Home = "n1" }));
        Assert.Equal(["c"], await ListAsync(all with { Parent = "p" }));
        Assert.Equal(["b", "a"], await ListAsync(all with { Tags = Tags("team=blue") }));
        Assert.Equal(["a"], await ListAsync(all with { Tags = Tags("team=blue", "env=dev") }));
        Assert.Empty(await ListAsync(all with { Tags = Tags("team=red", "env=dev") }));
        Assert.Empty(await ListAsync(all with { Tags = Tags("team=Blue") }));
        Assert.Equal(["b"], await ListAsync(all with { Home = "n2", Tags = Tags("team=blue"), State = "Running" }));
        Assert.Empty(await ListAsync(all with { State = "a\0" }));
    }

    [Fact]
    public async Task Tags_follow_an_update()
    {
        await _index.InsertAsync(Row("a", "a") with { Tags = Tags("x=1") }, [], Cancelled);
        await _index.UpdateAsync(Row("a", "a") with { Version = 2, Tags = Tags("x=2", "y=1") }, Cancelled);

        Assert.Empty(await ListAsync(new(ResourceKind.Instance) { Tags = Tags("x=1") }));
        Assert.Equal(["a"], await ListAsync(new(ResourceKind.Instance) { Tags = Tags("x=2", "y=1") }));
    }

    [Fact]
    public async Task A_slow_reader_of_a_list_keeps_nobody_from_writing()
    {
        for (int i = 0; i < 3; i++)
            await _index.InsertAsync(Row($"id{i}", $"n{i}"), [], Cancelled);

        await foreach (var row in _index.ListAsync(new(ResourceKind.Instance), Cancelled))
            Assert.True(await _index.UpdateAsync(row with { Version = 2, State = "Running" }, Cancelled));
    }

    private static ResourceIndex Index(Database database) =>
        new(database, IResourceWriter.Of(database, TimeProvider.System), new ChangeSignal(), TimeProvider.System, NullLogger<ResourceFeed>.Instance);

    private static ResourceRow Row(string id, string name) => new()
    {
        Kind = ResourceKind.Instance,
        Id = id,
        Name = name,
        State = "Stopped",
        Summary = "{}",
        Version = 1,
        CreatedAt = Epoch,
    };

    private static Dictionary<string, string> Tags(params string[] pairs) =>
        pairs.Select(p => p.Split('=')).ToDictionary(p => p[0], p => p[1]);

    private async Task<string[]> FindAsync(string text, bool allowPrefix) =>
        [.. (await _index.FindAsync(ResourceKind.Instance, text, allowPrefix, Cancelled)).Select(r => r.Id)];

    private async Task<string[]> ListAsync(ResourceQuery query)
    {
        List<string> ids = [];
        await foreach (var row in _index.ListAsync(query, Cancelled))
            ids.Add(row.Id);
        return [.. ids];
    }
}
