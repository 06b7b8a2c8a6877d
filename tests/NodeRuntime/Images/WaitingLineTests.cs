using Hypeman.NodeRuntime.Images.Roots;

namespace Hypeman.Tests.NodeRuntime.Images;

public sealed class WaitingLineTests
{
    private readonly WaitingLine _line = new(maxAtWork: 2);
    private readonly Dictionary<string, List<int>> _told = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private WaitingLine.Place Join(string name)
    {
        var told = _told[name] = [];
        return _line.Join(told.Add);
    }

    private static bool IsAtWork(WaitingLine.Place place) => place.ComesAsync(Stop).IsCompletedSuccessfully;

    [Fact]
    public void A_few_work_and_the_others_come_in_the_order_in_which_they_joined()
    {
        using var a = Join("a");
        using var b = Join("b");
        using var c = Join("c");
        using var d = Join("d");
        Assert.Equal([true, true, false, false], [IsAtWork(a), IsAtWork(b), IsAtWork(c), IsAtWork(d)]);

        b.Dispose();
        Assert.Equal((true, false), (IsAtWork(c), IsAtWork(d)));
        a.Dispose();
        Assert.True(IsAtWork(d));
        Assert.Empty(_told["a"]);
        Assert.Equal([1], _told["c"]);
        Assert.Equal([2, 1], _told["d"]);
    }

    [Fact]
    public async Task Who_leaves_the_line_makes_those_behind_move_up_and_takes_nobodys_turn()
    {
        using var a = Join("a");
        using var b = Join("b");
        var c = Join("c");
        using var d = Join("d");
        using var impatient = new CancellationTokenSource();
        var waiting = c.ComesAsync(impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);

        c.Dispose();
        c.Dispose();
        Assert.Equal([2, 1], _told["d"]);
        Assert.False(IsAtWork(d));
        a.Dispose();
        Assert.True(IsAtWork(d));
        using var e = Join("e");
        Assert.False(IsAtWork(e));
    }

    [Fact]
    public async Task Never_are_more_at_work_than_may_be()
    {
        var (atWork, most) = (0, 0);
        await Parallel.ForAsync(0, 500, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Stop }, async (_, stop) =>
        {
            using var place = _line.Join(_ => { });
            await place.ComesAsync(stop);
            InterlockedMax(ref most, Interlocked.Increment(ref atWork));
            await Task.Yield();
            Interlocked.Decrement(ref atWork);
        });
        Assert.Equal((0, 2), (atWork, most));
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = target; seen < value;)
            seen = Interlocked.CompareExchange(ref target, value, seen);
    }
}
