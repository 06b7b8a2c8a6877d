using Hypeman.Tests.Storage.Databases;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Runtime;

namespace Hypeman.Tests.Storage.Clustering;

public sealed class SqliteReminderTests : ReminderTests
{
    protected override Task<TestDatabase> NewAsync() => Task.FromResult(TestDatabase.Sqlite());
}

public sealed class PostgresReminderTests(PostgresServer server) : ReminderTests
{
    protected override Task<TestDatabase> NewAsync() => TestDatabase.PostgresAsync(server);
}

/// <summary>What Orleans' reminder service needs of its table.</summary>
public abstract class ReminderTests : DatabaseTests
{
    private static readonly DateTime Start = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    private IHost _host = null!;
    private IReminderTable _table = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _host = OrleansTables.NewHost(await Store.OpenAsync());
        _table = _host.Services.GetRequiredService<IReminderTable>();
        await _table.StartAsync(Cancelled);
    }

    public override async ValueTask DisposeAsync()
    {
        _host?.Dispose();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_reminder_comes_back_and_is_replaced_by_name()
    {
        var first = await _table.UpsertRow(Reminder("a", "tick"));
        var second = await _table.UpsertRow(Reminder("a", "tick", TimeSpan.FromMinutes(9)));

        var read = await _table.ReadRow(Grain("a"), "tick");
        Assert.NotEqual(first, second);
        Assert.Equal((second, Start, TimeSpan.FromMinutes(9)), (read!.ETag, read.StartAt, read.Period));
        Assert.Single((await _table.ReadRows(Grain("a"))).Reminders);
        Assert.Null(await _table.ReadRow(Grain("a"), "other"));
    }

    [Fact]
    public async Task Every_reminder_is_in_exactly_one_part_of_the_ring()
    {
        foreach (var i in Enumerable.Range(0, 50))
            await _table.UpsertRow(Reminder($"grain{i}", "tick"));
        uint[] cuts = [0x2000_0000, 0x7fff_fff0, 0x8000_0010, 0xd000_0000];

        var found = new List<string>();
        for (var i = 0; i < cuts.Length; i++)
        {
            var part = await _table.ReadRows(cuts[i], cuts[(i + 1) % cuts.Length]);
            found.AddRange(part.Reminders.Select(r => r.GrainId.ToString()));
            Assert.All(part.Reminders, r => Assert.True(IsWithin(r.GrainId.GetUniformHashCode(), cuts[i], cuts[(i + 1) % cuts.Length])));
        }
        Assert.Equal(50, found.Count);
        Assert.Equal(50, found.Distinct().Count());
    }

    [Fact]
    public async Task Only_the_version_that_was_read_is_removed()
    {
        var old = await _table.UpsertRow(Reminder("a", "tick"));
        var present = await _table.UpsertRow(Reminder("a", "tick"));

        Assert.False(await _table.RemoveRow(Grain("a"), "tick", old!));
        Assert.True(await _table.RemoveRow(Grain("a"), "tick", present!));
        Assert.False(await _table.RemoveRow(Grain("a"), "tick", present!));
    }

    [Fact]
    public async Task Many_who_set_the_same_reminder_at_once_each_get_a_version_and_one_stays()
    {
        var versions = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => _table.UpsertRow(Reminder("a", "tick"))));

        Assert.Equal(12, versions.Distinct().Count());
        Assert.Contains((await _table.ReadRow(Grain("a"), "tick"))!.ETag, versions);
    }

    [Fact]
    public async Task Of_many_who_remove_a_reminder_at_once_one_does()
    {
        var version = await _table.UpsertRow(Reminder("a", "tick"));
        var removed = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => _table.RemoveRow(Grain("a"), "tick", version!)));

        Assert.Single(removed, r => r);
    }

    [Fact]
    public async Task The_table_can_be_cleared()
    {
        await _table.UpsertRow(Reminder("a", "tick"));
        await _table.TestOnlyClearTable();
        Assert.Empty((await _table.ReadRows(Grain("a"))).Reminders);
    }

    /// <summary>Orleans' ring: from begin, exclusive, to end, inclusive, over the top when end is not above begin.</summary>
    private static bool IsWithin(uint hash, uint begin, uint end) =>
        begin < end ? hash > begin && hash <= end : hash > begin || hash <= end;

    private static GrainId Grain(string key) => GrainId.Create("test", key);

    private static ReminderEntry Reminder(string key, string name, TimeSpan? period = null) => new()
    {
        GrainId = Grain(key),
        ReminderName = name,
        StartAt = Start,
        Period = period ?? TimeSpan.FromMinutes(1),
    };
}
