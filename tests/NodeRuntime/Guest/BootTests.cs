using Hypeman.GuestProtocol.Events;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Tests.NodeRuntime.Guest;

[Trait("Category", "Vm")]
public sealed class BootTests(GuestVmFiles files) : IClassFixture<GuestVmFiles>
{
    [Fact]
    public async Task A_guest_boots_answers_and_powers_off_when_its_program_ends()
    {
        await using var vm = await GuestVm.StartAsync(files, GuestVm.Config("sh", "-c", "echo hello from $HOSTNAME; exec sleep 1000"));
        await using var channel = await vm.ConnectAsync();
        await vm.EventAsync<AgentReady>();
        Assert.Equal("exec", (await vm.EventAsync<ProgramStarted>()).Mode);

        var (output, code) = await Guests.RunAsync(channel, new ExecRequest { Command = ["echo", "hi"] }, vm.Deadline);
        Assert.Equal(("hi\n", 0), (output, code));

        await channel.CallAsync<DoneReply>(new ShutdownRequest { TimeoutSeconds = 2 }, vm.Deadline);
        var exited = await vm.EventAsync<ProgramExited>();
        Assert.Equal((143, "killed by signal 15 (terminated)"), (exited.Code, exited.Message));
        await vm.Exited.WaitAsync(vm.Deadline);
        await channel.Closed.WaitAsync(vm.Deadline);
        Assert.Contains("hello from guest\n", vm.Console);
        Assert.Contains("HYPEMAN-EXIT code=143 message=\"killed by signal 15 (terminated)\"", vm.Console);
    }
}
