using Hypeman.NodeRuntime.Nodes;

namespace Hypeman.Tests.NodeRuntime.Nodes;

public sealed class NodeRuntimeOptionsTests
{
    [Fact]
    public void All_that_is_wrong_is_said_at_once()
    {
        var result = new NodeRuntimeOptionsRules().Validate(null, new NodeRuntimeOptions
        {
            DataDirectory = "",
            Accelerator = "hvf",
            BootDeadline = TimeSpan.Zero,
            CheckInterval = TimeSpan.Zero,
        });
        Assert.Equal(6, result.Failures!.Count());
        Assert.Contains("Accelerator is 'hvf'; right is auto, kvm or tcg", result.Failures!);
    }

    [Theory]
    [InlineData(NodeRuntimeOptionsRules.MaxDataDirectoryLength, true)]
    [InlineData(NodeRuntimeOptionsRules.MaxDataDirectoryLength + 1, false)]
    public void Sockets_must_fit_below_the_data_directory(int length, bool fits)
    {
        var options = new NodeRuntimeOptions
        {
            DataDirectory = "/" + new string('d', length - 1),
            KernelDirectory = "/kernel",
            GuestBinary = "/guest",
        };
        Assert.Equal(fits, new NodeRuntimeOptionsRules().Validate(null, options).Succeeded);
        var longest = new DataLayout(options.DataDirectory).Vm(new string('v', 32)).ControlSocket;
        Assert.Equal(fits, longest.Length <= 107);
    }
}
