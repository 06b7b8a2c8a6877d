using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Images.Roots;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Images;

public sealed class PullRoomTests
{
    [Fact]
    public void What_is_still_to_come_for_one_pull_is_no_room_for_another()
    {
        using var folder = new TemporaryFolder();
        var room = new PullRoom(new DataLayout(folder.Path), new ImageOptions { MinFreeBytes = 0 });
        var most = new DriveInfo(folder.Path).AvailableFreeSpace / 10 * 6;

        var first = room.Take(most);
        var failure = Assert.Throws<NodeException>(() => room.Take(most));
        first.SetToCome(most / 100);
        room.Take(most).Dispose();
        first.SetToCome(most);
        Assert.Throws<NodeException>(() => room.Take(most));
        first.Dispose();
        room.Take(most).Dispose();

        Assert.Equal(NodeErrorKind.InsufficientResources, failure.Kind);
        Assert.Contains("must stay free", failure.Message, StringComparison.Ordinal);
    }
}
