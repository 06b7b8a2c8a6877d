using Hypeman.Storage.Index;

namespace Hypeman.Tests.Storage.Index;

public sealed class GroupCommitTests
{
    private readonly List<int[]> _groups = [];
    private TaskCompletionSource _open = new();

    [Fact]
    public async Task What_comes_while_a_group_is_on_its_way_goes_together()
    {
        var commit = Commit(mostInGroup: 3);
        var first = commit.RunAsync(0);
        await GroupsAsync(1);
        var writes = Enumerable.Range(1, 4).Select(commit.RunAsync).Prepend(first).ToList();
        _open.SetResult();

        var results = await Task.WhenAll(writes);
        Assert.Equal([0, 10, 20, 30, 40], results);
        Assert.Equal([[0], [1, 2, 3], [4]], _groups);
    }

    [Fact]
    public async Task One_that_is_refused_does_not_harm_the_others_of_its_group()
    {
        var commit = Commit();
        Task<int> first = commit.RunAsync(0);
        await GroupsAsync(1);
        var writes = new List<int> { 1, -2, 3 }.ConvertAll(commit.RunAsync);
        _open.SetResult();

        await Assert.ThrowsAsync<ArgumentException>(() => writes[1]);
        var results = await Task.WhenAll(first, writes[0], writes[2]);
        Assert.Equal([0, 10, 30], results);
    }

    [Fact]
    public async Task A_lost_connection_is_told_to_all_of_the_group_and_the_next_one_goes_on()
    {
        var commit = Commit();
        _open.SetException(new IOException());
        await Assert.ThrowsAsync<IOException>(() => commit.RunAsync(1));

        _open = new();
        _open.SetResult();
        Assert.Equal(20, await commit.RunAsync(2));
    }

    [Fact]
    public async Task None_of_many_writers_is_forgotten()
    {
        var commit = Commit();
        _open.SetResult();
        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(w => Task.Run(async () =>
        {
            var sum = 0;
            for (var i = 0; i < 200; i++)
                sum += await commit.RunAsync(w);
            return sum;
        })));
        Assert.Equal(Enumerable.Range(0, 20).Select(w => w * 2000), results);
    }

    private GroupCommit<int> Commit(int mostInGroup = 64) => new(1, mostInGroup, async group =>
    {
        lock (_groups)
            _groups.Add([.. group]);
        await _open.Task;
        return [.. group.Select(i => i >= 0 ? i * 10 : throw new ArgumentException("negative"))];
    }, error => error is ArgumentException);

    private Task GroupsAsync(int count) => Testing.Until.True(
        () => { lock (_groups) return _groups.Count == count; }, TimeSpan.FromSeconds(10), "the group is on its way");
}
