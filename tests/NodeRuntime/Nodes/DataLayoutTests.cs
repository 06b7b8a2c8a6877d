using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Nodes;

public sealed class DataLayoutTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly TemporaryFolder folder = new();
    private readonly DataLayout layout;

    public DataLayoutTests() => layout = new DataLayout(folder.PathOf("data"));

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_claimed_directory_is_private()
    {
        using var claimed = layout.Claim();

        Assert.Equal(Private, File.GetUnixFileMode(layout.Root));
        Assert.All(Directory.EnumerateDirectories(layout.Root), path => Assert.Equal(Private, File.GetUnixFileMode(path)));
        Assert.Empty(layout.ListVms());
    }

    [Fact]
    public void A_second_process_is_told_who_has_the_directory()
    {
        using var claimed = layout.Claim();
        var refused = Assert.Throws<NodeException>(() => layout.Claim());
        Assert.Equal(NodeErrorKind.Invalid, refused.Kind);
        Assert.Contains($"process {Environment.ProcessId}", refused.Message);
    }

    [Fact]
    public void A_path_that_is_no_directory_is_refused()
    {
        File.WriteAllText(layout.Root, "");
        Assert.Equal(NodeErrorKind.Invalid, Assert.Throws<NodeException>(() => layout.Claim()).Kind);
    }

    [Fact]
    public void The_id_of_a_node_is_made_once()
    {
        using var claimed = layout.Claim();
        var id = NodeIdentity.Ensure(layout);
        Assert.Matches("^[a-z][a-z0-9]{23}$", id);
        Assert.Equal(id, NodeIdentity.Ensure(layout));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1bcdefghijklmnopqrstuvwx")]
    [InlineData("abcdefghijklmnopqrstuvwX")]
    public void A_damaged_id_is_not_replaced(string content)
    {
        using var claimed = layout.Claim();
        File.WriteAllText(layout.NodeIdFile, content);
        Assert.Contains(layout.NodeIdFile, Assert.Throws<NodeException>(() => NodeIdentity.Ensure(layout)).Message);
    }

    [Fact]
    public void The_facts_of_this_host_are_plausible()
    {
        var facts = HostFacts.Read(folder.Path);
        Assert.True(facts.Cpus > 0);
        Assert.InRange(facts.MemoryBytes, 1L << 26, 1L << 50);
        Assert.True(facts.DiskBytes > 0);
        Assert.StartsWith("linux/", facts.Platform);
    }
}
