using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Tests.NodeRuntime.Linux;

public class NetworkNamespaceTests
{
    [Fact]
    public async Task Work_is_done_in_the_namespace()
    {
        using var empty = NetworkNamespace.CreateEmpty();

        Assert.NotEqual(Here(), await empty.RunAsync(Here));
    }

    [Fact]
    public async Task A_failure_comes_to_who_asked_for_the_work_and_the_next_work_is_done()
    {
        using var empty = NetworkNamespace.CreateEmpty();

        await Assert.ThrowsAsync<InvalidOperationException>(() => empty.RunAsync(() => throw new InvalidOperationException()));

        Assert.NotEqual(Here(), await empty.RunAsync(Here));
    }

    [Fact]
    public async Task The_thread_that_did_the_work_has_left_the_namespace_when_that_is_told()
    {
        // Threads that the pool makes then are born where this one is.
        using var empty = NetworkNamespace.CreateEmpty();

        var thread = await empty.RunAsync(() => new FileInfo("/proc/thread-self").LinkTarget!);

        Assert.Equal(Here(), new FileInfo($"/proc/{thread}/ns/net").LinkTarget);
    }

    private static string Here() => new FileInfo("/proc/thread-self/ns/net").LinkTarget!;
}
