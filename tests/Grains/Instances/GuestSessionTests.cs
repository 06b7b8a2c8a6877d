using System.Text;
using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing.Nodes;

namespace Hypeman.Tests.Grains.Instances;

public sealed class GuestSessionTests(FleetFixture fixture) : IClassFixture<FleetFixture>
{
    private TestFleet Fleet => fixture.Fleet;

    [Fact]
    public async Task An_exec_carries_input_output_and_exit_code()
    {
        var instance = await RunningAsync();
        var sent = Fleet.Node.Vms.Guest;
        ExecRequest? asked = null;
        Fleet.Node.Vms.Guest = request => new EchoSession(asked = (ExecRequest)request);
        var exec = new GuestExec
        {
            Command = ["cat"],
            Tty = true,
            Cwd = "/tmp",
            TimeoutSeconds = 9,
            Rows = 30,
            Columns = 100,
            Env = new Dictionary<string, string> { ["A"] = "b" },
        };
        var seen = new List<GuestOutput>();

        await foreach (var output in instance.OpenGuestAsync("exec-1", exec, CancellationToken.None))
        {
            seen.Add(output);
            if (output is not GuestOpened)
                continue;
            Assert.True(await instance.SendGuestAsync("exec-1", new GuestInputData(Encoding.UTF8.GetBytes("hello"))));
            Assert.True(await instance.SendGuestAsync("exec-1", new GuestResize(50, 120)));
            Assert.True(await instance.SendGuestAsync("exec-1", new GuestInputEnd()));
        }

        Fleet.Node.Vms.Guest = sent;
        Assert.Equal(("hello", false), Text(seen[1]));
        Assert.Equal(("50x120", true), Text(seen[2]));
        Assert.Equal(new GuestExited(0), seen[^1]);
        Assert.Equal(["cat"], asked!.Command);
        Assert.Equal((true, "/tmp", 9, 30, 100), (asked.Tty, asked.Cwd, asked.TimeoutSeconds, asked.Rows, asked.Columns));
        Assert.Equal("b", asked.Env["A"]);
    }

    [Fact]
    public async Task A_session_is_closed_when_its_caller_leaves()
    {
        var instance = await RunningAsync();
        EchoSession? session = null;
        Fleet.Node.Vms.Guest = request => session = new EchoSession(request);

        await foreach (var _ in instance.OpenGuestAsync("left", Exec, CancellationToken.None))
            break;

        await session!.Disposed.WaitAsync(TestFleet.Patience);
        var error = await Assert.ThrowsAsync<HypemanException>(() => instance.SendGuestAsync("left", new GuestInputEnd()));
        Assert.Equal(ErrorKind.NotFound, error.Kind);
    }

    [Fact]
    public async Task Input_for_a_guest_that_does_not_read_is_refused_and_not_lost()
    {
        var instance = await RunningAsync();
        EchoSession? session = null;
        Fleet.Node.Vms.Guest = request => session = new EchoSession(request);
        var taken = 0;
        var echoed = 0;

        await foreach (var output in instance.OpenGuestAsync("slow", Exec, CancellationToken.None))
        {
            echoed += output is GuestOutputData ? 1 : 0;
            if (output is not GuestOpened)
                continue;
            session!.Block();
            while (await instance.SendGuestAsync("slow", new GuestInputData(new byte[] { 1 })))
                taken++;
            session.GoOn();
            while (!await instance.SendGuestAsync("slow", new GuestInputEnd()))
                continue;
        }

        Assert.InRange(taken, 1, 16);
        Assert.Equal(taken, echoed);
    }

    [Fact]
    public async Task Sessions_and_stat_need_a_running_instance()
    {
        var instance = await RunningAsync();
        var id = (await instance.GetAsync()).Id;
        Assert.True((await instance.StatAsync("/", followLinks: true)).IsDirectory);
        await instance.StopAsync();
        await Fleet.RestsAsync(id, InstancePhase.Stopped);

        var exec = await Assert.ThrowsAsync<HypemanException>(async () =>
        {
            await foreach (var _ in instance.OpenGuestAsync("none", Exec, CancellationToken.None))
                continue;
        });
        var stat = await Assert.ThrowsAsync<HypemanException>(() => instance.StatAsync("/", followLinks: true));

        Assert.Equal("instance must be running (current state: Stopped)", exec.Message);
        Assert.Equal(("invalid_state", exec.Message), (stat.Code, stat.Message));
    }

    [Fact]
    public async Task Logs_are_read_from_their_end_and_followed()
    {
        var instance = await RunningAsync();
        var id = (await instance.GetAsync()).Id;
        var log = Fleet.Node.Vms.Log(id, VmLog.Console);
        log.Append("one");
        log.Append("two");
        var seen = new List<string>();

        await foreach (var batch in instance.ReadLogAsync(new LogQuery(LogSource.App, 1, Follow: true), CancellationToken.None))
        {
            seen.AddRange(batch.Lines);
            if (seen.Count > 1)
                break;
            log.Append("three");
        }

        Assert.Equal(["two", "three"], seen);
        var missing = await Assert.ThrowsAsync<HypemanException>(async () =>
        {
            await foreach (var _ in instance.ReadLogAsync(new LogQuery(LogSource.Vmm, 1, Follow: false), CancellationToken.None))
                continue;
        });
        Assert.Equal("log_not_found", missing.Code);
    }

    private static GuestExec Exec => new() { Command = ["cat"] };

    private static (string, bool) Text(GuestOutput output) => output is GuestOutputData data
        ? (Encoding.UTF8.GetString(data.Bytes.Span), data.IsError)
        : (output.ToString()!, false);

    private async Task<IInstanceGrain> RunningAsync()
    {
        Fleet.Node.Vms.Guest = request => new EchoSession(request);
        var instance = await Fleet.CreateAsync();
        await Fleet.RestsAsync((await instance.GetAsync()).Id, InstancePhase.Running);
        return instance;
    }
}
