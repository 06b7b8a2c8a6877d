using System.Net;
using Hypeman.Tests.Storage.Databases;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;

namespace Hypeman.Tests.Storage.Clustering;

public sealed class SqliteMembershipTests : MembershipTests
{
    protected override Task<TestDatabase> NewAsync() => Task.FromResult(TestDatabase.Sqlite());
}

public sealed class PostgresMembershipTests(PostgresServer server) : MembershipTests
{
    protected override Task<TestDatabase> NewAsync() => TestDatabase.PostgresAsync(server);
}

/// <summary>What Orleans' membership protocol needs of its table.</summary>
public abstract class MembershipTests : DatabaseTests
{
    private static readonly DateTime Start = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    private IHost _host = null!;
    private IMembershipTable _table = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _host = OrleansTables.NewHost(await Store.OpenAsync());
        _table = _host.Services.GetRequiredService<IMembershipTable>();
        await _table.InitializeMembershipTableAsync(tryInitTableVersion: true, Cancelled);
    }

    public override async ValueTask DisposeAsync()
    {
        _host?.Dispose();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task An_empty_table_has_a_version()
    {
        await _table.InitializeMembershipTableAsync(tryInitTableVersion: true, Cancelled);
        var all = await _table.ReadAllAsync(Cancelled);

        Assert.Empty(all.Members);
        Assert.Equal(0, all.Version.Version);
    }

    [Fact]
    public async Task A_member_comes_back_as_it_was_put()
    {
        var member = Member(1);
        Assert.True(await _table.InsertRowAsync(member, (await _table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled));

        var read = (await _table.ReadRowAsync(member.SiloAddress, Cancelled)).Members.Single().Item1;
        Assert.Equal(
            (member.SiloAddress, "node-1", SiloStatus.Joining, 30001, Start, Start),
            (read.SiloAddress, read.SiloName, read.Status, read.ProxyPort, read.StartTime, read.IAmAliveTime));
        Assert.Empty((await _table.ReadRowAsync(Member(2).SiloAddress, Cancelled)).Members);
    }

    [Fact]
    public async Task Only_the_writer_that_knows_the_version_of_the_table_wins()
    {
        var seen = (await _table.ReadAllAsync(Cancelled)).Version.Next();
        Assert.True(await _table.InsertRowAsync(Member(1), seen, Cancelled));
        Assert.False(await _table.InsertRowAsync(Member(2), seen, Cancelled));
        Assert.False(await _table.InsertRowAsync(Member(1), (await _table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled));

        var all = await _table.ReadAllAsync(Cancelled);
        Assert.Single(all.Members);
        Assert.Equal(1, all.Version.Version);
    }

    [Fact]
    public async Task Of_many_writers_at_once_one_wins_each_version()
    {
        var won = 0;
        await Task.WhenAll(Enumerable.Range(1, 8).Select(async i =>
        {
            while (!await _table.InsertRowAsync(Member(i), (await _table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled))
                await Task.Yield();
            Interlocked.Increment(ref won);
        }));
        var all = await _table.ReadAllAsync(Cancelled);
        Assert.Equal((8, 8, 8), (won, all.Members.Count, all.Version.Version));
    }

    [Fact]
    public async Task An_update_keeps_suspicions_and_needs_the_version_too()
    {
        var member = Member(1);
        await _table.InsertRowAsync(member, (await _table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled);
        var before = await _table.ReadAllAsync(Cancelled);
        member.Status = SiloStatus.Active;
        member.AddSuspector(Member(2).SiloAddress, Start);

        Assert.True(await _table.UpdateRowAsync(member, before.Members[0].Item2, before.Version.Next(), Cancelled));
        Assert.False(await _table.UpdateRowAsync(member, before.Members[0].Item2, before.Version.Next(), Cancelled));

        var read = (await _table.ReadAllAsync(Cancelled)).Members.Single().Item1;
        Assert.Equal(SiloStatus.Active, read.Status);
        Assert.Equal(Member(2).SiloAddress, Assert.Single(read.SuspectTimes!).Item1);
    }

    [Fact]
    public async Task Of_many_who_suspect_at_once_none_overwrites_another()
    {
        await _table.InsertRowAsync(Member(1), (await _table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled);
        await Task.WhenAll(Enumerable.Range(2, 6).Select(async i =>
        {
            bool written;
            do
            {
                var read = await _table.ReadRowAsync(Member(1).SiloAddress, Cancelled);
                var (entry, etag) = read.Members.Single();
                entry.AddSuspector(Member(i).SiloAddress, Start);
                written = await _table.UpdateRowAsync(entry, etag, read.Version.Next(), Cancelled);
            }
            while (!written);
        }));

        var all = await _table.ReadAllAsync(Cancelled);
        Assert.Equal((7, 6), (all.Version.Version, all.Members.Single().Item1.SuspectTimes!.Count));
    }

    [Fact]
    public async Task An_update_of_who_is_not_there_changes_nothing()
    {
        var before = await _table.ReadAllAsync(Cancelled);
        Assert.False(await _table.UpdateRowAsync(Member(1), "0", before.Version.Next(), Cancelled));
        Assert.Equal(0, (await _table.ReadAllAsync(Cancelled)).Version.Version);
    }

    [Fact]
    public async Task A_sign_of_life_changes_no_version()
    {
        var member = Member(1);
        await _table.InsertRowAsync(member, (await _table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled);
        member.IAmAliveTime = Start.AddSeconds(5);
        await _table.UpdateIAmAliveAsync(member, Cancelled);

        var all = await _table.ReadAllAsync(Cancelled);
        Assert.Equal((1, Start.AddSeconds(5)), (all.Version.Version, all.Members[0].Item1.IAmAliveTime));
    }

    [Fact]
    public async Task Only_members_declared_dead_are_cleaned_up()
    {
        foreach (var (i, status) in new[] { (1, SiloStatus.Dead), (2, SiloStatus.Active), (3, SiloStatus.Joining) })
        {
            var member = Member(i);
            member.Status = status;
            await _table.InsertRowAsync(member, (await _table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled);
        }
        await _table.CleanupDefunctSiloEntriesAsync(new DateTimeOffset(Start.AddDays(1)), Cancelled);

        Assert.Equal([2, 3], (await _table.ReadAllAsync(Cancelled)).Members.Select(m => m.Item1.SiloAddress.Generation).Order());
    }

    [Fact]
    public async Task Clients_find_the_gateways_of_active_members()
    {
        foreach (var (i, status) in new[] { (1, SiloStatus.Active), (2, SiloStatus.Dead) })
        {
            var member = Member(i);
            member.Status = status;
            await _table.InsertRowAsync(member, (await _table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled);
        }
        using var client = OrleansTables.NewClient(await Store.OpenAsync());
        var gateways = client.Services.GetRequiredService<Orleans.Messaging.IGatewayListProvider>();
        await gateways.InitializeGatewayListProvider();

        Assert.Equal(30001, Assert.Single(await gateways.GetGateways()).Port);
    }

    [Fact]
    public async Task A_cluster_can_be_deleted_whole()
    {
        await _table.InsertRowAsync(Member(1), (await _table.ReadAllAsync(Cancelled)).Version.Next(), Cancelled);
        await _table.DeleteMembershipTableEntriesAsync("test", Cancelled);
        await _table.InitializeMembershipTableAsync(tryInitTableVersion: true, Cancelled);

        Assert.Empty((await _table.ReadAllAsync(Cancelled)).Members);
    }

    private static MembershipEntry Member(int number) => new()
    {
        SiloAddress = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11000 + number), number),
        SiloName = $"node-{number}",
        HostName = "localhost",
        Status = SiloStatus.Joining,
        ProxyPort = 30000 + number,
        StartTime = Start,
        IAmAliveTime = Start,
        SuspectTimes = [],
    };
}
