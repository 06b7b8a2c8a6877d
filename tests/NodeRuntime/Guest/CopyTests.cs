using System.Security.Cryptography;
using System.Text;
using Hypeman.GuestProtocol.Messages;

namespace Hypeman.Tests.NodeRuntime.Guest;

[Trait("Category", "Vm")]
public sealed class CopyTests(RunningGuest guest) : IClassFixture<RunningGuest>
{
    private CancellationToken Deadline => guest.Vm.Deadline;

    [Fact]
    public async Task Five_megabytes_come_back_as_they_were_sent()
    {
        var bytes = RandomNumberGenerator.GetBytes(5_000_000);
        Assert.Equal(new WrittenReply(bytes.Length), await SendAsync(new CopyToRequest { Path = "/data/deep/file" }, bytes));
        var entries = await FetchAsync(new CopyFromRequest { Path = "/data/deep/file" });
        var (entry, content) = Assert.Single(entries);
        Assert.Equal(("file", 0b110_100_100u, (long)bytes.Length), (entry.Path, entry.Mode, entry.Size));
        Assert.True(bytes.AsSpan().SequenceEqual(content));
    }

    [Fact]
    public async Task Mode_and_owner_are_set_also_on_a_directory()
    {
        await SendAsync(new CopyToRequest { Path = "/own/dir", IsDirectory = true, Mode = 0b111_000_000, Uid = 7, Gid = 8 }, []);
        await SendAsync(new CopyToRequest { Path = "/own/dir/tool", Mode = 0x9ed, Uid = 1000, Gid = 2000 }, "x"u8.ToArray());
        var (output, _) = await RunAsync("stat -c '%a %u %g' /own/dir /own/dir/tool");
        Assert.Equal("700 7 8\n4755 1000 2000\n", output);
    }

    [Fact]
    public async Task A_file_lands_in_an_existing_directory_under_its_own_name()
    {
        await RunAsync("mkdir -p /into");
        await SendAsync(new CopyToRequest { Path = "/into", SourceBasename = "a.txt" }, "x"u8.ToArray());
        Assert.Equal(("x", 0), await RunAsync("cat /into/a.txt"));
        var refused = Assert.IsType<FailedReply>(await SendAsync(new CopyToRequest { Path = "/into" }, "x"u8.ToArray()));
        Assert.Equal("/into", refused.Path);
        Assert.Contains("directory", refused.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_copy_over_a_link_replaces_what_it_points_to_and_leaves_no_temporary_file()
    {
        await RunAsync("mkdir /links; cd /links; echo old > real; ln -s real link");
        await SendAsync(new CopyToRequest { Path = "/links/link" }, "new"u8.ToArray());
        Assert.Equal(("link\nreal\nnew", 0), await RunAsync("cd /links; ls -A; test -L link && cat real"));
    }

    [Fact]
    public async Task A_tree_comes_with_directories_first_links_as_links_and_a_final_end()
    {
        await RunAsync("mkdir -p /tree/sub/empty; cd /tree; echo hi > sub/file; ln -s /etc/passwd link; mkfifo pipe; chmod 640 sub/file");
        var entries = await FetchAsync(new CopyFromRequest { Path = "/tree" });
        Assert.Equal([".", "link", "sub", "sub/empty", "sub/file"], entries.Select(e => e.Entry.Path));
        Assert.Equal("/etc/passwd", entries[1].Entry.LinkTarget);
        Assert.True(entries[2].Entry.IsDirectory);
        Assert.Equal(("hi\n", 0x1a0u), (Encoding.UTF8.GetString(entries[4].Content), entries[4].Entry.Mode));
    }

    [Theory]
    [InlineData("/proc/version")]
    [InlineData("/proc/kallsyms")]
    [InlineData("/sys/class/net/lo/mtu")]
    public async Task A_file_that_the_kernel_makes_up_comes_whole_and_with_its_true_size(string path)
    {
        var (length, _) = await RunAsync($"wc -c < {path}");
        var (entry, content) = Assert.Single(await FetchAsync(new CopyFromRequest { Path = path }));
        Assert.Equal(length.Trim(), content.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.NotEmpty(content);
        Assert.Equal(entry.Size, content.Length);
    }

    [Fact]
    public async Task What_the_kernel_says_from_time_to_time_comes_as_far_as_it_is_there()
    {
        var (_, content) = Assert.Single(await FetchAsync(new CopyFromRequest { Path = "/proc/kmsg" }));
        Assert.NotEmpty(content);
    }

    [Theory]
    [InlineData("/nothing/here")]
    [InlineData("/proc/1/root/etc/passwd")]
    public async Task What_is_not_there_or_leads_out_is_refused(string path)
    {
        await using var session = await guest.Channel.OpenAsync(new CopyFromRequest { Path = path }, Deadline);
        var replies = await session.ReadAllAsync(Deadline).ToListAsync(Deadline);
        Assert.Equal(path, Assert.IsType<FailedReply>(Assert.Single(replies)).Path);
    }

    [Fact]
    public async Task A_stat_tells_kinds_and_what_is_missing()
    {
        await RunAsync("mkdir -p /st; cd /st; echo abc > f; ln -s f l; ln -s gone dangling");
        var file = await StatAsync("/st/f", false);
        Assert.Equal((true, true, false, 4L, 0b110_100_100u), (file.Exists, file.IsFile, file.IsDirectory, file.Size, file.Mode));
        var link = await StatAsync("/st/l", false);
        Assert.Equal((true, false, "f"), (link.IsSymlink, link.IsFile, link.LinkTarget));
        Assert.True((await StatAsync("/st/l", true)).IsFile);
        Assert.True((await StatAsync("/st", true)).IsDirectory);
        Assert.Equal(new StatReply { Exists = false }, await StatAsync("/st/dangling", true));
        Assert.Equal(new StatReply { Exists = false }, await StatAsync("/st/f/below", true));
        Assert.False((await StatAsync("../../init", false)).Exists);
    }

    [Fact]
    public async Task An_unfinished_copy_leaves_nothing()
    {
        var session = await guest.Channel.OpenAsync(new CopyToRequest { Path = "/unfinished/file" }, Deadline);
        await session.WriteAsync(new byte[100_000], Deadline);
        await session.DisposeAsync();
        await Hypeman.Tests.Testing.Until.True(
            async () => await RunAsync("ls -A /unfinished") == ("", 0), TimeSpan.FromSeconds(10), "the temporary file is removed");
    }

    private Task<StatReply> StatAsync(string path, bool follow) =>
        guest.Channel.CallAsync<StatReply>(new StatRequest { Path = path, FollowLinks = follow }, Deadline);

    private Task<(string Output, int Code)> RunAsync(string script) =>
        Guests.RunAsync(guest.Channel, new ExecRequest { Command = ["sh", "-c", script] }, Deadline);

    private async Task<GuestReply> SendAsync(CopyToRequest request, byte[] content)
    {
        await using var session = await guest.Channel.OpenAsync(request, Deadline);
        await session.WriteAsync(content, Deadline);
        await session.EndAsync(Deadline);
        return Assert.Single(await session.ReadAllAsync(Deadline).ToListAsync(Deadline));
    }

    private async Task<List<(EntryReply Entry, byte[] Content)>> FetchAsync(CopyFromRequest request)
    {
        var entries = new List<(EntryReply, byte[])>();
        await using var session = await guest.Channel.OpenAsync(request, Deadline);
        EntryReply? entry = null;
        var content = new MemoryStream();
        var final = false;
        await foreach (var reply in session.ReadAllAsync(Deadline))
        {
            switch (reply)
            {
                case EntryReply next:
                    entry = next;
                    content = new MemoryStream();
                    break;
                case DataReply data:
                    content.Write(data.Bytes.Span);
                    break;
                case EntryEndReply end:
                    entries.Add((entry!, content.ToArray()));
                    final = end.Final;
                    break;
                default:
                    throw new InvalidOperationException(reply.ToString());
            }
        }
        Assert.True(final);
        return entries;
    }
}
