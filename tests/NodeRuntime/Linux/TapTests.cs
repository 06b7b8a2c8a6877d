using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Tests.NodeRuntime.Linux;

public class TapTests
{
    private const string Name = "tap0";

    [Fact]
    public async Task A_device_that_is_busy_for_a_moment_is_waited_for()
    {
        using var place = NetworkNamespace.CreateEmpty();
        await place.RunAsync(() => Made());
        var held = await place.RunAsync(() => Tap.Open(Name, withVirtioHeader: true));
        var taking = Tap.TakeAsync(Name, place, TimeProvider.System);
        Assert.False(taking.IsCompleted);

        held.Dispose();

        using var taken = await taking.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.False(taken.IsInvalid);
    }

    [Fact]
    public async Task A_device_that_a_process_has_is_not_waited_for_without_end()
    {
        using var place = NetworkNamespace.CreateEmpty();
        await place.RunAsync(() => Made());
        using var held = await place.RunAsync(() => Tap.Open(Name, withVirtioHeader: true));

        var refused = await Assert.ThrowsAsync<LinuxException>(
            () => Tap.TakeAsync(Name, place, TimeProvider.System).WaitAsync(TimeSpan.FromSeconds(30)));

        Assert.Equal(LinuxException.Busy, refused.Error);
    }

    private static bool Made()
    {
        Tap.Create(Name, owner: 0);
        return true;
    }
}
