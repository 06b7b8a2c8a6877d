using Hypeman.GuestProtocol.Boot;
using Hypeman.GuestProtocol.Events;
using Hypeman.GuestProtocol.Messages;

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

    [Theory]
    [InlineData(0, "success", "true")]
    [InlineData(3, "exit code 3", "sh", "-c", "exit 3")]
    [InlineData(126, "permission denied (command not executable)", "/etc/not-executable")]
    [InlineData(127, "command not found", "no-such-program")]
    [InlineData(137, "killed by signal 9 (killed)", "sh", "-c", "kill -9 $$")]
    public async Task The_end_of_the_program_is_told_and_ends_the_machine(int code, string message, params string[] program)
    {
        await using var vm = await GuestVm.StartAsync(files, GuestVm.Config(program) with { SkipGuestAgent = true });
        var exited = await vm.EventAsync<ProgramExited>();
        Assert.Equal((code, message, false), (exited.Code, exited.Message, exited.Oom));
        await vm.Exited.WaitAsync(vm.Deadline);
    }

    [Fact]
    public async Task A_program_killed_for_want_of_memory_says_so()
    {
        await using var vm = await GuestVm.StartAsync(
            files, GuestVm.Config("sh", "-c", "exec tail /dev/zero") with { SkipGuestAgent = true });
        var exited = await vm.EventAsync<ProgramExited>();
        Assert.Equal((137, "killed by signal 9 (killed) - OOM", true), (exited.Code, exited.Message, exited.Oom));
    }

    [Fact]
    public async Task The_program_runs_as_its_user_in_its_directory_with_its_environment()
    {
        var config = GuestVm.Config("sh", "-c", "id; pwd; echo $HOME $PATH $COLOR; echo out > /dev/stdout; ls -ld . | cut -c1-10");
        await using var vm = await GuestVm.StartAsync(files, config with
        {
            SkipGuestAgent = true,
            Program = config.Program with
            {
                User = "app",
                WorkingDir = "/srv/new",
                Env = new Dictionary<string, string> { ["COLOR"] = "red" },
            },
        });
        Assert.Equal(0, (await vm.EventAsync<ProgramExited>()).Code);
        Assert.Contains(
            "uid=1000(app) gid=1000(app) groups=1000(app),2000(extra)\n/srv/new\n" +
            "/home/app /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin red\nout\ndrwxr-xr-x\n", vm.Console);
    }

    [Fact]
    public async Task A_program_that_ignores_its_stop_signal_is_killed_in_time()
    {
        await using var vm = await GuestVm.StartAsync(files, GuestVm.Config("sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1; done"));
        await using var channel = await vm.ConnectAsync();
        await vm.ConsoleAsync("deaf\n");
        await channel.CallAsync<DoneReply>(new ShutdownRequest { TimeoutSeconds = 1 }, vm.Deadline);
        Assert.Equal(137, (await vm.EventAsync<ProgramExited>()).Code);
        await vm.Exited.WaitAsync(vm.Deadline);
    }

    [Fact]
    public async Task Signals_sent_to_pid_1_go_to_the_program()
    {
        await using var vm = await GuestVm.StartAsync(
            files, GuestVm.Config("sh", "-c", "trap 'exit 5' HUP; echo ready; while :; do sleep 0.1; done"));
        await using var channel = await vm.ConnectAsync();
        await vm.ConsoleAsync("ready\n");
        await Guests.RunAsync(channel, new ExecRequest { Command = ["sh", "-c", "(sleep 0.5; kill -HUP 1) &"] }, vm.Deadline);
        Assert.Equal(5, (await vm.EventAsync<ProgramExited>()).Code);
    }

    [Fact]
    public async Task An_init_system_becomes_pid_1_and_the_agent_stays()
    {
        var config = GuestVm.Config("/bin/init");
        await using var vm = await GuestVm.StartAsync(files, config with { Program = config.Program with { IsInit = true } });
        await using var channel = await vm.ConnectAsync();
        Assert.Equal("systemd", (await vm.EventAsync<ProgramStarted>()).Mode);
        await Testing.Until.True(
            async () => await Guests.RunAsync(channel, new ExecRequest { Command = ["cat", "/proc/1/comm"] }, vm.Deadline) == ("init\n", 0)
                && (await Guests.RunAsync(channel, new ExecRequest { Command = ["readlink", "/proc/1/exe"] }, vm.Deadline)).Output == "/bin/busybox\n",
            TimeSpan.FromSeconds(10), "the image's init is PID 1");
        await channel.CallAsync<DoneReply>(new ShutdownRequest(), vm.Deadline);
        await vm.Exited.WaitAsync(vm.Deadline);
    }

    [Fact]
    public async Task The_network_is_up_before_the_program_starts()
    {
        var network = new GuestNetwork { Mac = "02:00:00:00:00:05", Ip = "10.9.8.7", Prefix = 24, Gateway = "10.9.8.1", Dns = ["10.9.8.1"] };
        var config = GuestVm.Config("sh", "-c", "ip -4 -o addr; ip route; cat /etc/resolv.conf; hostname; grep guest /etc/hosts");
        // A hub of its own leads nowhere.
        await using var vm = await GuestVm.StartAsync(files, config with { Network = network, SkipGuestAgent = true },
            "-netdev", "hubport,id=net,hubid=0", "-device", $"virtio-net-pci,netdev=net,mac={network.Mac}");
        Assert.Equal(0, (await vm.EventAsync<ProgramExited>()).Code);
        Assert.Contains("inet 10.9.8.7/24 ", vm.Console);
        Assert.Contains("default via 10.9.8.1 dev eth0", vm.Console);
        Assert.Contains("nameserver 10.9.8.1\nguest\n10.9.8.7\tguest\n", vm.Console);
    }

    [Fact]
    public async Task A_boot_that_cannot_work_says_why_and_ends_the_machine()
    {
        var config = GuestVm.Config("true");
        await using var vm = await GuestVm.StartAsync(files, config with { Program = config.Program with { User = "nobody-here" } });
        Assert.Equal("The image has no user \"nobody-here\" in /etc/passwd.", (await vm.EventAsync<BootFailed>()).Message);
        await vm.Exited.WaitAsync(vm.Deadline);
    }
}
