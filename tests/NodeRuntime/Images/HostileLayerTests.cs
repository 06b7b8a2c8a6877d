using System.Text;
using CsCheck;
using Hypeman.NodeRuntime.Errors;
using Hypeman.Tests.Testing.Images;

namespace Hypeman.Tests.NodeRuntime.Images;

/// <summary>Layers that are broken, or made to break us. Each is refused with its digest and a reason.</summary>
public sealed class HostileLayerTests : IDisposable
{
    private readonly RootFixture _fixture = new();

    private static TarBuilder Tar() => new();

    public void Dispose() => _fixture.Dispose();

    private string Refusal(params TarBuilder[] layers) => Refusal([.. layers.Select(layer => layer.Build())]);

    private string Refusal(params byte[][] tars)
    {
        var failure = Assert.Throws<NodeException>(() => _fixture.Build(tars));
        Assert.Equal(NodeErrorKind.Invalid, failure.Kind);
        Assert.StartsWith("layer sha256:", failure.Message, StringComparison.Ordinal);
        return failure.Message;
    }

    [Theory]
    [InlineData("../etc/passwd")]
    [InlineData("a/../../etc/passwd")]
    [InlineData("/..")]
    [InlineData("..")]
    public void A_name_that_leaves_the_root_is_refused(string name) =>
        Assert.Contains("has '..' in it", Refusal(Tar().File(name, "x")), StringComparison.Ordinal);

    [Fact]
    public void A_hard_link_that_leaves_the_root_is_refused() =>
        Assert.Contains("has '..' in it", Refusal(Tar().HardLink("a", "../../etc/shadow")), StringComparison.Ordinal);

    [Fact]
    public void A_hard_link_to_nothing_is_refused() =>
        Assert.Contains("'b', which is not there", Refusal(Tar().HardLink("a", "b")), StringComparison.Ordinal);

    [Fact]
    public void A_hard_link_to_a_directory_is_refused() =>
        Assert.Contains("to a directory", Refusal(Tar().Directory("d").HardLink("a", "d")), StringComparison.Ordinal);

    [Fact]
    public void A_hard_link_through_a_symlink_stays_inside()
    {
        var root = _fixture.Read(Tar().File("etc/shadow", "the image's own").Symlink("l", "/../../etc").HardLink("a", "l/shadow"));
        Assert.Equal("the image's own", root["a"].Text);
    }

    [Fact]
    public void A_circle_of_symlinks_is_refused() =>
        Assert.Contains("too many symlinks", Refusal(Tar().Symlink("a", "b").Symlink("b", "a").File("a/x", "")), StringComparison.Ordinal);

    [Fact]
    public void Chains_of_symlinks_end_at_a_limit()
    {
        // Each link doubles the way of the one before it.
        var tar = Tar().Directory("d").Symlink("l0", "d");
        for (var i = 1; i <= 50; i++)
            tar.Symlink($"l{i}", $"l{i - 1}/../l{i - 1}");
        Assert.Contains("too many symlinks", Refusal(tar.File("l50/x", "")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_below_a_file_of_the_same_layer_is_refused() =>
        Assert.Contains("is a file of the same layer", Refusal(Tar().File("a", "").File("a/b", "")), StringComparison.Ordinal);

    [Theory]
    [InlineData(".wh.")]
    [InlineData("d/.wh..")]
    [InlineData("d/.wh...")]
    public void A_whiteout_of_no_name_is_refused(string name) =>
        Assert.Contains("hides no name", Refusal(Tar().File(name, "")), StringComparison.Ordinal);

    [Fact]
    public void A_root_that_is_no_directory_is_refused() =>
        Assert.Contains("root of a layer", Refusal(Tar().Symlink(".", "/etc")), StringComparison.Ordinal);

    [Fact]
    public void A_directory_of_the_oldest_archives_has_a_slash_and_its_content_is_skipped()
    {
        var root = _fixture.Read(Tar().Entry("old/", '\0', content: [1, 2, 3]).File("old/a", "x"));
        Assert.True(root["old"].IsDirectory);
        Assert.Equal("x", root["old/a"].Text);
    }

    [Fact]
    public void A_name_that_Linux_could_not_open_is_refused()
    {
        Assert.Contains("longer than 255", Refusal(Tar().File(new string('n', 256), "")), StringComparison.Ordinal);
        var deep = string.Concat(Enumerable.Repeat("d/", 2100));
        Assert.Contains("longer than 4096", Refusal(Tar().File(deep + "x", "")), StringComparison.Ordinal);
        Assert.Contains("zero byte", Refusal(Tar().Pax(("path", [(byte)'a', 0, (byte)'b'])).Entry("x", '0')), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    public void A_symlink_to_no_name_is_refused(string target) =>
        Assert.Contains("symlink 'l'", Refusal(Tar().Pax(("linkpath", Encoding.UTF8.GetBytes(target))).Entry("l", '2')), StringComparison.Ordinal);

    [Theory]
    [InlineData('V')]
    [InlineData('M')]
    [InlineData('D')]
    [InlineData('Z')]
    public void An_entry_of_a_type_that_layers_do_not_have_is_refused(char type) =>
        Assert.Contains($"'{type}'", Refusal(Tar().Entry("a", type)), StringComparison.Ordinal);

    [Theory]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(1000)]
    [InlineData(1023)]
    public void A_tar_that_is_cut_short_is_refused(int length) =>
        Assert.Contains("cut short", Refusal(Tar().File("a", new string('x', 600)).Build()[..length]), StringComparison.Ordinal);

    [Fact]
    public void A_tar_without_its_end_marks_is_taken() =>
        Assert.Equal("x", ErofsReader.ReadAll(_fixture.Build(Tar().File("a", "x").BuildWithoutEnd()))["a"].Text);

    [Fact]
    public void A_size_that_lies_is_refused()
    {
        Assert.Contains("cut short", Refusal(Tar().Entry("a", '0', content: [1, 2, 3], size: 100_000)), StringComparison.Ordinal);
        Assert.Contains("cut short", Refusal(Tar().Entry("a", '0', content: [1], size: long.MaxValue / 2)), StringComparison.Ordinal);
        Assert.Contains("out of range", Refusal(Tar().Pax(("size", "-1"u8.ToArray())).Entry("a", '0')), StringComparison.Ordinal);
        Assert.Contains("checksum", Refusal(Tar().Entry("a", '0', content: [.. Enumerable.Repeat((byte)7, 2000)], size: 10)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("99999999999 path=a\n")]
    [InlineData("5 a\n")]
    [InlineData("x path=a\n")]
    [InlineData("10 path=a")]
    [InlineData("0 path=a\n")]
    [InlineData("9 =value\n")]
    public void A_malformed_extended_header_is_refused(string content) =>
        Refusal(Tar().Extended('x', Encoding.UTF8.GetBytes(content)).File("a", ""));

    [Fact]
    public void An_extended_header_without_an_entry_is_refused() =>
        Assert.Contains("cut short", Refusal(Tar().Extended('L', "name\0"u8.ToArray())), StringComparison.Ordinal);

    [Fact]
    public void Too_long_an_extended_header_is_refused() =>
        Assert.Contains("too long", Refusal(Tar().Extended('x', new byte[(1 << 20) + 1])), StringComparison.Ordinal);

    [Fact]
    public void Owners_and_devices_out_of_range_are_refused()
    {
        Assert.Contains("uid", Refusal(Tar().Pax(("uid", "4294967295"u8.ToArray())).Entry("a", '0')), StringComparison.Ordinal);
        Assert.Contains("gid", Refusal(Tar().Pax(("gid", "-1"u8.ToArray())).Entry("a", '0')), StringComparison.Ordinal);
        Assert.Contains("device", Refusal(Tar().Device("a", '3', 5000, 0)), StringComparison.Ordinal);
    }

    [Fact]
    public void Too_large_attributes_are_refused() =>
        Assert.Contains("larger than Linux allows", Refusal(Tar().File("a", "", new TarAttributes
        {
            Xattrs = new Dictionary<string, byte[]> { ["user.x"] = new byte[70_000] },
        })), StringComparison.Ordinal);

    [Theory]
    [InlineData("5,10,0,5")]
    [InlineData("0,10,5,5")]
    [InlineData("0,200")]
    [InlineData("0,1")]
    [InlineData("0,-1,0,9")]
    [InlineData("0")]
    [InlineData("x,y")]
    public void A_map_of_a_sparse_file_that_lies_is_refused(string map) => Refusal(Tar()
        .Pax(("GNU.sparse.map", Encoding.UTF8.GetBytes(map)), ("GNU.sparse.size", "100"u8.ToArray()))
        .Entry("a", '0', content: new byte[8]));

    [Fact]
    public void Layers_that_expand_without_end_are_refused()
    {
        _fixture.Options.MaxExpandedBytes = 1 << 20;
        Assert.Contains("expand to more than", Refusal(Tar().File("a", new byte[2 << 20])), StringComparison.Ordinal);
        Assert.Contains("expand to more than", Refusal(
            [.. Enumerable.Range(0, 3).Select(_ => Tar().File("a", new byte[400 << 10]).Build())]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_sparse_file_without_end_is_refused()
    {
        _fixture.Options.MaxExpandedBytes = 1 << 30;
        Assert.Contains("expand to more than", Refusal(Tar()
            .Pax(("GNU.sparse.map", "0,0"u8.ToArray()), ("GNU.sparse.size", "9000000000000000"u8.ToArray()))
            .Entry("a", '0')), StringComparison.Ordinal);
    }

    [Fact]
    public void Too_many_entries_are_refused()
    {
        _fixture.Options.MaxEntries = 10;
        var tar = Tar();
        for (var i = 0; i < 11; i++)
            tar.File($"{i}", "");
        Assert.Contains("more than 10 entries", Refusal(tar), StringComparison.Ordinal);
    }

    [Fact]
    public void A_layer_that_contains_something_else_than_promised_is_refused()
    {
        var tar = Tar().File("a", "x").Build();
        var layer = _fixture.NewLayer(Tar().File("a", "y").Build(), RootFixture.Gzip(tar));
        var failure = Assert.Throws<NodeException>(() => _fixture.BuildFrom(layer));
        Assert.Contains("the image's config promises", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x1f, 0x8b)]
    [InlineData(0x28, 0xb5)]
    public void Corrupt_compressed_data_is_refused(byte first, byte second)
    {
        byte[] blob = [first, second, 0x2f, 0xfd, .. Encoding.UTF8.GetBytes(new string('?', 2000))];
        var failure = Assert.Throws<NodeException>(() => _fixture.BuildFrom(_fixture.NewLayer([], blob)));
        Assert.Equal(NodeErrorKind.Invalid, failure.Kind);
    }

    [Fact]
    public void Compressed_data_that_is_cut_short_is_refused()
    {
        var tar = Tar().File("a", Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(50_000))).Build();
        foreach (var packed in (byte[][])[RootFixture.Gzip(tar), Zstd(tar)])
        {
            var failure = Assert.Throws<NodeException>(() => _fixture.BuildFrom(_fixture.NewLayer(tar, packed[..(packed.Length / 2)])));
            Assert.Equal(NodeErrorKind.Invalid, failure.Kind);
        }
    }

    [Fact]
    public void Many_marks_on_a_large_directory_take_no_more_than_a_moment()
    {
        var low = Tar();
        for (var i = 0; i < 20_000; i++)
            low.File($"d/{i}", "");
        var high = Tar();
        for (var i = 0; i < 20_000; i++)
            high.Opaque("d").File($"d/n{i}", "").Whiteout("d");
        Assert.Equal(20_000, _fixture.Read(low, high).Keys.Count(name => name.StartsWith("d/n", StringComparison.Ordinal)));
    }

    [Fact]
    public void Bytes_at_random_are_refused_or_read_but_never_break_anything()
    {
        var tar = ErofsTests.Zoo(depth: 3).Build();
        Gen.Select(Gen.Int[0, 20_000], Gen.Byte).Array[1, 20].Sample(changes =>
        {
            var damaged = tar.ToArray();
            foreach (var (at, value) in changes)
                damaged[at] = value;
            try
            {
                ErofsReader.ReadAll(_fixture.Build(damaged));
            }
            catch (NodeException failure) when (failure.Kind == NodeErrorKind.Invalid)
            {
                // As it should be.
            }
        }, iter: 30, threads: 1);
    }

    private static byte[] Zstd(byte[] content)
    {
        using var compressed = new MemoryStream();
        using (var zstd = new ZstdSharp.CompressionStream(compressed, leaveOpen: true))
            zstd.Write(content);
        return compressed.ToArray();
    }
}
