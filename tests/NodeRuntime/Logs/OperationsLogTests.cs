using Hypeman.NodeRuntime.Logs;
using Hypeman.Tests.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Hypeman.Tests.NodeRuntime.Logs;

public sealed class OperationsLogTests
{
    [Fact]
    public void Each_entry_is_one_line_with_its_time()
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("hypeman.log");
        var log = new OperationsLog(path, new FakeTimeProvider(new DateTimeOffset(2031, 2, 3, 4, 5, 6, 789, TimeSpan.Zero)));

        log.Append("started");
        log.Append("it said:\nno");

        Assert.Equal("2031-02-03T04:05:06.789Z started\n2031-02-03T04:05:06.789Z it said: no\n", File.ReadAllText(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }
}
