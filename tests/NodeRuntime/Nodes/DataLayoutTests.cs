using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Nodes;

public sealed class DataLayoutTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly TemporaryFolder _folder = new();
    private readonly DataLayout _layout;

    public DataLayoutTests() => _layout = new DataLayout(_folder.PathOf("data"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_claimed_directory_is_private()
    {
        using var claimed = _layout.Claim();

        Assert.Equal(Private, File.GetUnixFileMode(_layout.Root));
        Assert.All(Directory.EnumerateDirectories(_layout.Root), path => Assert.Equal(Private, File.GetUnixFileMode(path)));
        Assert.Empty(_layout.ListVms());
    }

    [Fact]
    public void A_second_process_is_told_who_has_the_directory()
    {
        using var claimed = _layout.Claim();
        var refused = Assert.Throws<NodeException>(() => _layout.Claim());
        Assert.Equal(NodeErrorKind.Invalid, refused.Kind);
        Assert.Contains($"process {Environment.ProcessId}", refused.Message);
    }

    [Fact]
    public void A_path_that_is_no_directory_is_refused()
    {
        File.WriteAllText(_layout.Root, "");
        Assert.Equal(NodeErrorKind.Invalid, Assert.Throws<NodeException>(() => _layout.Claim()).Kind);
    }

    [Fact]
    public void The_id_of_a_node_is_made_once()
    {
        using var claimed = _layout.Claim();
        var id = NodeIdentity.Ensure(_layout);
        Assert.Matches("^[a-z][a-z0-9]{23}$", id);
        Assert.Equal(id, NodeIdentity.Ensure(_layout));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1bcdefghijklmnopqrstuvwx")]
    [InlineData("abcdefghijklmnopqrstuvwX")]
    public void A_damaged_id_is_not_replaced(string content)
    {
        using var claimed = _layout.Claim();
        File.WriteAllText(_layout.NodeIdFile, content);
        Assert.Contains(_layout.NodeIdFile, Assert.Throws<NodeException>(() => NodeIdentity.Ensure(_layout)).Message);
    }

    [Fact]
    public void The_facts_of_this_host_are_plausible()
    {
        var facts = HostFacts.Read(_folder.Path);
        Assert.True(facts.Cpus > 0);
        Assert.InRange(facts.MemoryBytes, 1L << 26, 1L << 50);
        Assert.True(facts.DiskBytes > 0);
        Assert.StartsWith("linux/", facts.Platform);
    }
}
