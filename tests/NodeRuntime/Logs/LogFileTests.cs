using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Logs;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Logs;

public sealed class LogFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private string Log => _folder.PathOf("app.log");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a\nb\nc\n", 2, "b|c")]
    [InlineData("a\nb\nc", 2, "b|c")]
    [InlineData("a\nb\n", 5, "a|b")]
    [InlineData("a\n\n\n", 2, "|")]
    [InlineData("a\nb\n", 0, "")]
    [InlineData("", 3, "")]
    [InlineData("a\r\nb\r\n", 2, "a|b")]
    public async Task The_tail_is_the_last_lines(string content, int tail, string expected)
    {
        File.WriteAllText(Log, content);
        Assert.Equal(expected, string.Join('|', await ReadAsync(tail)));
    }

    [Fact]
    public async Task The_tail_of_a_large_log_is_found_from_its_end()
    {
        await using (var writer = new StreamWriter(Log))
        {
            for (var i = 0; i < 200_000; i++)
                await writer.WriteLineAsync($"line {i} {new string('x', i % 97)}");
        }

        var lines = await ReadAsync(tail: 5000);

        Assert.Equal(5000, lines.Count);
        Assert.StartsWith("line 195000 ", lines[0]);
        Assert.StartsWith("line 199999 ", lines[^1]);
    }

    [Fact]
    public async Task A_log_that_is_not_there_is_not_found()
    {
        var missing = await Assert.ThrowsAsync<NodeException>(() => ReadAsync(tail: 1));
        Assert.Equal(NodeErrorKind.NotFound, missing.Kind);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_do_not_end_the_log()
    {
        File.WriteAllBytes(Log, [(byte)'a', 0xff, 0xc3, (byte)'\n', (byte)'b', (byte)'\n']);
        Assert.Equal(["a\ufffd\ufffd", "b"], await ReadAsync(tail: 10));
    }

    [Fact]
    public async Task A_follower_sees_new_lines_whole()
    {
        File.WriteAllText(Log, "old\n");
        await using var follower = new Follower(Log, tail: 1);
        await follower.WaitForAsync("old");

        File.AppendAllText(Log, "half");
        File.AppendAllText(Log, " line\nnext\n");

        await follower.WaitForAsync("old", "half line", "next");
    }

    [Fact]
    public async Task A_follower_goes_on_after_the_log_was_cut()
    {
        File.WriteAllText(Log, "before the cut\n");
        await using var follower = new Follower(Log, tail: 1);
        await follower.WaitForAsync("before the cut");

        using (var file = new FileStream(Log, FileMode.Open))
            file.SetLength(0);
        File.AppendAllText(Log, "after\n");

        await follower.WaitForAsync("before the cut", "after");
    }

    [Fact]
    public async Task A_follower_goes_on_in_the_file_that_replaces_the_log()
    {
        File.WriteAllText(Log, "first\n");
        await using var follower = new Follower(Log, tail: 1);
        await follower.WaitForAsync("first");

        File.Move(Log, Log + ".1");
        File.AppendAllText(Log + ".1", "last of the first\n");
        File.WriteAllText(Log, "second\n");

        await follower.WaitForAsync("first", "last of the first", "second");
    }

    [Fact]
    public async Task A_follower_ends_when_the_folder_is_removed()
    {
        var vm = Directory.CreateDirectory(_folder.PathOf("vm")).FullName;
        File.WriteAllText(vm + "/app.log", "line\n");
        await using var follower = new Follower(vm + "/app.log", tail: 1);
        await follower.WaitForAsync("line");

        Directory.Delete(vm, recursive: true);

        await follower.Ended.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Many_followers_share_one_log()
    {
        File.WriteAllText(Log, "");
        var followers = Enumerable.Range(0, 300).Select(_ => new Follower(Log, tail: 0)).ToList();
        await Task.WhenAll(followers.Select(follower => follower.Started));

        File.AppendAllText(Log, "to all\n");

        foreach (var follower in followers)
            await follower.WaitForAsync("to all");
        foreach (var follower in followers)
            await follower.DisposeAsync();
    }

    private async Task<IReadOnlyList<string>> ReadAsync(int tail)
    {
        var lines = new List<string>();
        await foreach (var batch in LogFile.ReadAsync(Log, tail, follow: false, TestContext.Current.CancellationToken))
            lines.AddRange(batch);
        return lines;
    }
}
