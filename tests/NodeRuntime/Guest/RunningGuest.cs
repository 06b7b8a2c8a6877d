using Hypeman.GuestProtocol.Events;
using Hypeman.NodeRuntime.Guest;

namespace Hypeman.Tests.NodeRuntime.Guest;

/// <summary>One guest whose program sleeps, and a channel to it, for tests that only need an agent.</summary>
public sealed class RunningGuest : IAsyncLifetime
{
    private readonly GuestVmFiles _files = new();

    public GuestVm Vm { get; private set; } = null!;
    public GuestChannel Channel { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await _files.InitializeAsync();
        var config = GuestVm.Config("sleep", "1000");
        Vm = await GuestVm.StartAsync(_files, config with
        {
            Program = config.Program with { Env = new Dictionary<string, string> { ["COLOR"] = "blue" } },
        });
        await Vm.EventAsync<ProgramStarted>();
        await ReconnectAsync();
    }

    public async Task ReconnectAsync()
    {
        if (Channel is not null)
            await Channel.DisposeAsync();
        Channel = await Vm.ConnectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Channel.DisposeAsync();
        await Vm.DisposeAsync();
        await _files.DisposeAsync();
    }
}
