using Hypeman.Contracts.Snapshots;
using Hypeman.Grains.Snapshots;

namespace Hypeman.Tests.Grains.Snapshots;

public sealed class CompressionChoiceTests
{
    private static readonly SnapshotCompression One = new() { Enabled = true, Level = 1 }, Two = new() { Enabled = true, Level = 2 },
        Three = new() { Enabled = true, Level = 3 };

    [Fact]
    public void The_nearest_wish_counts_also_one_for_none()
    {
        Assert.Equal(One, CompressionChoice.Of(One, new SnapshotPolicy { Compression = Two }, Three));
        Assert.Equal(Two, CompressionChoice.Of(null, new SnapshotPolicy { Compression = Two }, Three));
        Assert.Equal(Three, CompressionChoice.Of(null, new SnapshotPolicy(), Three));
        Assert.Equal(Three, CompressionChoice.Of(null, null, Three));
        Assert.Null(CompressionChoice.Of(SnapshotCompression.Off, new SnapshotPolicy { Compression = Two }, Three));
        Assert.Null(CompressionChoice.Of(null, new SnapshotPolicy { Compression = SnapshotCompression.Off }, Three));
        Assert.Null(CompressionChoice.Of(null, null, SnapshotCompression.Off));
    }

    [Fact]
    public void The_delay_of_the_call_counts_more_than_that_of_the_instance()
    {
        var (one, two) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));

        Assert.Equal(one, CompressionChoice.DelayOf(new StandbySpec { Delay = one }, new SnapshotPolicy { StandbyDelay = two }));
        Assert.Equal(two, CompressionChoice.DelayOf(new StandbySpec(), new SnapshotPolicy { StandbyDelay = two }));
        Assert.Equal(TimeSpan.Zero, CompressionChoice.DelayOf(null, null));
    }
}
