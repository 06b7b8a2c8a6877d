using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Nodes;

namespace Hypeman.Tests.NodeRuntime.Nodes;

/// <summary>What keeps a node from starting, and what it says then.</summary>
[Trait("Category", "Vm")]
public sealed class NodeStartTests
{
    [Fact]
    public async Task Without_qemu_it_says_what_to_install()
    {
        var error = await FailAsync(options => options.QemuProgram = "qemu-system-none");
        Assert.Equal(NodeErrorKind.DependencyMissing, error.Kind);
        Assert.Contains("qemu-system-none is not installed", error.Message);
    }

    [Fact]
    public async Task What_is_no_qemu_is_refused()
    {
        var error = await FailAsync(options => options.QemuProgram = "/bin/echo");
        Assert.Equal(NodeErrorKind.DependencyMissing, error.Kind);
        Assert.Contains("/bin/echo", error.Message);
    }

    [Fact]
    public async Task Without_a_kernel_it_says_where_it_looked()
    {
        var error = await FailAsync(options => options.KernelDirectory = "/nowhere");
        Assert.Equal(NodeErrorKind.DependencyMissing, error.Kind);
        Assert.Contains("/nowhere", error.Message);
    }

    [Fact]
    public async Task Left_to_itself_it_finds_what_runs_guests_here()
    {
        await using var node = await TestNode.StartAsync(options => options.Accelerator = "auto");
        Assert.Contains(node.Node.Facts.Accelerator, (string[])["kvm", "tcg"]);
    }

    private static Task<NodeException> FailAsync(Action<NodeRuntimeOptions> configure) =>
        Assert.ThrowsAsync<NodeException>(() => TestNode.StartAsync(configure));
}
