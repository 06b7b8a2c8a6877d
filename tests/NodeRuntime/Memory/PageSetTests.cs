using CsCheck;
using Hypeman.NodeRuntime.Memory;

namespace Hypeman.Tests.NodeRuntime.Memory;

public sealed class PageSetTests
{
    private const ulong Present = 1UL << 63, Swapped = 1UL << 62, OfFile = 1UL << 61;

    [Fact]
    public void Runs_are_as_long_as_can_be_and_give_the_set_back() => Gen.Bool.Array[1, 400].Sample(pages =>
    {
        var set = new PageSet(pages.Length);
        for (var i = 0; i < pages.Length; i++)
        {
            if (pages[i])
                set.Add(new PageRun(i, 1));
        }
        var runs = set.Runs().ToList();
        Assert.Equal(pages.Count(page => page), set.Count);
        Assert.All(runs.Zip(runs.Skip(1)), pair => Assert.True(pair.First.End < pair.Second.First));
        var back = new bool[pages.Length];
        foreach (var run in runs)
            Array.Fill(back, true, (int)run.First, (int)run.Count);
        Assert.Equal(pages, back);
    });

    [Fact]
    public void A_run_is_the_same_as_its_pages() =>
        Gen.Select(Gen.Int[0, 200], Gen.Int[0, 200]).Sample((first, count) =>
        {
            var (whole, single) = (new PageSet(400), new PageSet(400));
            whole.Add(new PageRun(first, count));
            for (var page = first; page < first + count; page++)
                single.Add(new PageRun(page, 1));
            Assert.Equal(single.Runs(), whole.Runs());
        });

    [Theory]
    [InlineData(0, 64, "10+54")]
    [InlineData(20, 30, "20+10")]
    [InlineData(0, 10, "")]
    [InlineData(60, 128, "60+40")]
    [InlineData(100, 128, "")]
    public void A_part_has_the_parts_of_runs(long first, long end, string expected)
    {
        var set = new PageSet(128);
        set.Add(new PageRun(10, 90));
        Assert.Equal(expected, string.Join(' ', set.Runs(first, end).Select(run => $"{run.First}+{run.Count}")));
    }

    [Fact]
    public void Two_sets_can_be_joined()
    {
        var (one, other) = (new PageSet(200), new PageSet(200));
        one.Add(new PageRun(0, 10));
        other.Add(new PageRun(5, 150));
        one.Add(other);
        Assert.Equal([new PageRun(0, 155)], one.Runs());
    }

    [Fact]
    public void What_the_kernel_says_of_pages_is_read_as_touched_or_not()
    {
        ReadOnlySpan<ulong> map =
        [
            0,                         // never touched
            Present | 0x1234,          // anonymous
            Swapped | 7,               // anonymous, swapped out
            Present | OfFile | 0x99,   // still the file's
            OfFile,                    // the file's, not in memory
        ];
        Assert.Equal([new PageRun(1, 2)], PageSet.FromPageMap(map, PageSet.PageBytes).Runs());
        Assert.Equal([new PageRun(4, 8)], PageSet.FromPageMap(map, 4 * PageSet.PageBytes).Runs());
    }
}
