using Hypeman.Tests.Testing.Images;

namespace Hypeman.Tests.NodeRuntime.Images;

/// <summary>What is in the root when layers lie one over the other.</summary>
public sealed class RootMergeTests : IDisposable
{
    private readonly RootFixture _fixture = new();

    private static TarBuilder Tar() => new();

    public void Dispose() => _fixture.Dispose();

    private string Names(params TarBuilder[] layers) =>
        string.Join(' ', _fixture.Read(layers).Keys.Where(name => name.Length > 0).Order(StringComparer.Ordinal));

    [Fact]
    public void An_image_without_layers_has_an_empty_root() => Assert.Equal("", Names());

    [Fact]
    public void The_highest_layer_wins()
    {
        var root = _fixture.Read(Tar().File("a", "old"), Tar().File("a", "new"));
        Assert.Equal("new", root["a"].Text);
    }

    [Fact]
    public void Directories_are_merged_and_take_the_attributes_of_the_highest_layer()
    {
        var root = _fixture.Read(
            Tar().Directory("d", new TarAttributes { Mode = 0b111_000_000, Uid = 1 }).File("d/low", "1"),
            Tar().Directory("d", new TarAttributes { Mode = 0b101_000_000, Uid = 2 }).File("d/high", "2"),
            Tar().File("d/highest", "3"));
        Assert.Equal((0b101_000_000 | 0x4000, 2u), (root["d"].Mode, root["d"].Uid));
        Assert.Equal(("1", "2", "3"), (root["d/low"].Text, root["d/high"].Text, root["d/highest"].Text));
    }

    [Fact]
    public void A_whiteout_hides_a_file_of_the_layers_below() =>
        Assert.Equal("b", Names(Tar().File("a", "1").File("b", "1"), Tar().Whiteout("a")));

    [Fact]
    public void A_whiteout_hides_a_whole_directory() =>
        Assert.Equal("e", Names(Tar().File("d/x/y", "1").File("e", ""), Tar().Whiteout("d")));

    [Fact]
    public void A_whiteout_does_not_hide_its_own_layer_before_or_behind_it() =>
        Assert.Equal("d d/new", Names(
            Tar().File("d/old", "1"),
            Tar().File("d/new", "2").Whiteout("d").Whiteout("d/new")));

    [Fact]
    public void What_is_whited_out_can_come_back_above() =>
        Assert.Equal("a", Names(Tar().File("a", "1"), Tar().Whiteout("a"), Tar().File("a", "2")));

    [Fact]
    public void An_opaque_directory_hides_what_is_below_and_keeps_its_own() =>
        Assert.Equal("d d/new d/sub d/sub/new", Names(
            Tar().File("d/old", "1").File("d/sub/old", "1"),
            Tar().Directory("d").File("d/new", "2").Opaque("d").File("d/sub/new", "2")));

    [Fact]
    public void An_opaque_mark_hides_nothing_of_the_layers_above() =>
        Assert.Equal("d d/high", Names(Tar().File("d/low", ""), Tar().Opaque("d"), Tar().File("d/high", "")));

    [Fact]
    public void A_file_replaces_a_directory_and_a_directory_a_file()
    {
        var root = _fixture.Read(
            Tar().File("a/b", "1").File("c", "1"),
            Tar().File("a", "file").File("c/d", "implicit parent"));
        Assert.Equal("file", root["a"].Text);
        Assert.DoesNotContain("a/b", root.Keys);
        Assert.Equal("implicit parent", root["c/d"].Text);
    }

    [Fact]
    public void A_file_in_a_symlinked_directory_goes_where_the_link_leads()
    {
        var root = _fixture.Read(
            Tar().Directory("usr/lib").Symlink("lib", "usr/lib").Symlink("abs", "/usr"),
            Tar().File("lib/a", "1").File("abs/lib/b", "2"));
        Assert.Equal("1", root["usr/lib/a"].Text);
        Assert.Equal("2", root["usr/lib/b"].Text);
        Assert.Equal("usr/lib", root["lib"].Text);
    }

    [Fact]
    public void A_symlink_to_nowhere_makes_its_target() =>
        Assert.Equal("l to to/x to/x/y", Names(Tar().Symlink("l", "to/x"), Tar().File("l/y", "")));

    [Theory]
    [InlineData("../../../etc")]
    [InlineData("/../../etc")]
    [InlineData("d/../../../../etc")]
    public void Symlinks_lead_nowhere_outside_of_the_root(string target) =>
        Assert.Equal("etc etc/passwd l", Names(Tar().Symlink("l", target), Tar().File("l/passwd", "x"))
            .Replace("d etc", "etc", StringComparison.Ordinal));

    [Fact]
    public void A_real_directory_replaces_a_symlink_to_one()
    {
        var root = _fixture.Read(
            Tar().File("usr/lib/x", "kept").Symlink("lib", "usr/lib"),
            Tar().Directory("lib").File("lib/y", "new"));
        Assert.True(root["lib"].IsDirectory);
        Assert.Equal("kept", root["usr/lib/x"].Text);
        Assert.DoesNotContain("usr/lib/y", root.Keys);
    }

    [Fact]
    public void Content_that_seemed_hidden_but_is_not_is_read_again()
    {
        // By its name lib/f is replaced above; but below, lib is a symlink, so the first one is usr/lib/f and stays.
        var root = _fixture.Read(
            Tar().Directory("usr/lib").Symlink("lib", "usr/lib").File("lib/f", new string('1', 10_000)),
            Tar().Directory("lib").File("lib/f", "2"));
        Assert.Equal(new string('1', 10_000), root["usr/lib/f"].Text);
        Assert.Equal("2", root["lib/f"].Text);
    }

    [Fact]
    public void A_hard_link_shares_its_file_also_with_a_lower_layer()
    {
        var root = _fixture.Read(
            Tar().File("a", "content").HardLink("b", "a"),
            Tar().HardLink("d/c", "./b"));
        Assert.Equal(root["a"].Number, root["b"].Number);
        Assert.Equal(root["a"].Number, root["d/c"].Number);
        Assert.Equal((3u, "content"), (root["a"].Links, root["a"].Text));
    }

    [Fact]
    public void A_hard_link_keeps_the_content_when_the_first_name_is_hidden()
    {
        var root = _fixture.Read(
            Tar().File("a", new string('x', 5000)).HardLink("b", "a"),
            Tar().Whiteout("a"));
        Assert.Equal((1u, new string('x', 5000)), (root["b"].Links, root["b"].Text));
        Assert.DoesNotContain("a", root.Keys);
    }

    [Fact]
    public void In_one_layer_the_last_entry_of_a_name_counts()
    {
        var root = _fixture.Read(Tar().File("a", "1").Symlink("b", "x").File("a", "2").File("b", "3"));
        Assert.Equal(("2", "3"), (root["a"].Text, root["b"].Text));
    }

    [Fact]
    public void Names_are_taken_from_the_root_whatever_they_begin_with() =>
        Assert.Equal("a b c", Names(Tar().Directory("./").File("/a", "").File("./b", "").File("//.//c", "")));

    [Fact]
    public void Files_of_the_old_storage_driver_are_left_out() =>
        Assert.Equal("a", Names(Tar().Directory(".wh..wh.plnk").File(".wh..wh.plnk/1.2", "").File(".wh..wh.aufs", "").File("a", "")));

    [Fact]
    public void The_root_takes_the_attributes_that_a_layer_gives_it()
    {
        var root = _fixture.Read(Tar().Directory("./", new TarAttributes { Mode = 0b111_000_101, Uid = 7 }));
        Assert.Equal((0b111_000_101 | 0x4000, 7u), (root[""].Mode, root[""].Uid));
    }

    [Fact]
    public void The_same_layers_give_the_same_bytes()
    {
        TarBuilder[] layers = [Tar().File("a", "1").Directory("d").File("d/b", "2"), Tar().Symlink("c", "a").Whiteout("d/b")];
        Assert.Equal(File.ReadAllBytes(_fixture.Build(layers)), File.ReadAllBytes(_fixture.Build(layers)));
    }
}
