using Hypeman.NodeRuntime.Logs;
using Hypeman.Tests.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Hypeman.Tests.NodeRuntime.Logs;

public sealed class LogRotationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private string Log => _folder.PathOf("vmm.log");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_large_log_is_copied_and_cut_and_its_writer_goes_on_at_the_start()
    {
        using var writer = new FileStream(Log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        writer.Write("0123456789"u8);
        writer.Flush();

        NewRotation(maxBytes: 9).RotateAll();
        File.AppendAllText(Log, "next");

        Assert.Equal("123456789", File.ReadAllText(Log + ".1"));
        Assert.Equal("next", File.ReadAllText(Log));
    }

    [Fact]
    public void Of_a_log_that_grew_far_too_large_the_end_is_kept()
    {
        File.WriteAllText(Log, new string('x', 1_000_000) + "the end");
        NewRotation(maxBytes: 7).RotateAll();
        Assert.Equal("the end", File.ReadAllText(Log + ".1"));
        Assert.Equal(0, new FileInfo(Log).Length);
    }

    [Fact]
    public void A_small_log_and_one_that_is_gone_are_left_alone()
    {
        File.WriteAllText(Log, "0123456789");
        NewRotation(maxBytes: 10, others: _folder.PathOf("none.log")).RotateAll();
        Assert.Equal([Log], Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public void The_oldest_goes_when_there_are_enough()
    {
        var rotation = NewRotation(maxBytes: 4, keep: 2);
        foreach (var content in (string[])["first", "second", "third"])
        {
            File.WriteAllText(Log, content);
            rotation.RotateAll();
        }

        Assert.Equal("hird", File.ReadAllText(Log + ".1"));
        Assert.Equal("cond", File.ReadAllText(Log + ".2"));
        Assert.False(File.Exists(Log + ".3"));
    }

    [Fact]
    public async Task It_looks_again_and_again()
    {
        var time = new FakeTimeProvider();
        using var rotation = NewRotation(maxBytes: 3, time: time);
        await rotation.StartAsync(CancellationToken.None);
        File.WriteAllText(Log, "0123456789");

        await Until.True(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(10));
                return new FileInfo(Log).Length == 0;
            },
            TimeSpan.FromSeconds(10), "the log was rotated");

        await rotation.StopAsync(CancellationToken.None);
    }

    private LogRotation NewRotation(long maxBytes, int keep = 1, TimeProvider? time = null, params string[] others) => new(
        () => [Log, .. others],
        Options.Create(new LogRotationOptions { MaxBytes = maxBytes, Keep = keep }),
        time ?? TimeProvider.System,
        NullLogger<LogRotation>.Instance);
}
