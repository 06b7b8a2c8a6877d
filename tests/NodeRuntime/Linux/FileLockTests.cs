using System.Globalization;
using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.Tests.NodeRuntime.Linux;

public sealed class FileLockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private string Path => _folder.PathOf("lock");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Only_one_holds_a_lock_and_says_who_it_is()
    {
        using (var first = FileLock.TryTake(Path))
        {
            Assert.NotNull(first);
            Assert.Null(FileLock.TryTake(Path));
            Assert.Equal(Environment.ProcessId, FileLock.ReadHolder(Path));
        }
        using var second = FileLock.TryTake(Path);
        Assert.NotNull(second);
    }

    [Fact]
    public async Task A_child_does_not_keep_the_lock()
    {
        var taken = FileLock.TryTake(Path)!;
        var child = await Spawner.StartAsync(new SpawnRequest
        {
            Program = "sleep",
            Arguments = ["60"],
            OutputPath = _folder.PathOf("out"),
        });
        using var process = ProcessHandle.Open(child)!;
        taken.Dispose();

        using var next = FileLock.TryTake(Path);
        process.Kill(ProcessSignal.Kill);
        await process.Exited;

        Assert.NotNull(next);
    }

    [Fact]
    public void A_lock_that_was_given_back_is_free_although_its_descriptor_has_a_copy()
    {
        var taken = FileLock.TryTake(Path)!;
        var descriptor = Directory.EnumerateFiles("/proc/self/fd").Single(fd => new FileInfo(fd).LinkTarget == Path);
        // As a process has one that is just being started.
        using var copy = new SafeFileHandle(
            Libc.Control(int.Parse(System.IO.Path.GetFileName(descriptor), CultureInfo.InvariantCulture), Libc.DuplicateCloseOnExec, 0), ownsHandle: true);
        taken.Dispose();

        using var next = FileLock.TryTake(Path);

        Assert.False(copy.IsInvalid);
        Assert.NotNull(next);
    }

    [Fact]
    public async Task Waiting_for_a_lock_ends_when_it_is_free()
    {
        var first = await FileLock.TakeAsync(Path);
        var second = FileLock.TakeAsync(Path);
        Assert.False(second.IsCompleted);
        first.Dispose();
        (await second.WaitAsync(TimeSpan.FromSeconds(10))).Dispose();
    }
}
