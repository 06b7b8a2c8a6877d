using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Linux;

[Trait("Category", "Vm")]
public sealed class SpawnerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_process_starts_in_a_session_of_its_own_with_default_signals_and_no_descriptor_of_ours()
    {
        using var ours = new FileStream(_folder.PathOf("ours"), FileMode.Create);

        var output = await RunAsync(
            "sh", "-c", "cut -d' ' -f1,6 /proc/$$/stat; grep -E 'Sig(Ign|Blk)' /proc/self/status; ls /proc/self/fd");

        Assert.Contains("SigBlk:\t0000000000000000", output);
        // But for the two signals that glibc keeps for itself.
        Assert.Matches("SigIgn:\t0000000[01][08]0000000", output);
        // 0 to 2, and the folder that ls reads.
        Assert.EndsWith("0\n1\n2\n3\n", output);
        var shell = output.Split('\n')[0].Split(' ');
        Assert.Equal(shell[0], shell[1]);
    }

    [Fact]
    public async Task Inherited_descriptors_come_in_order()
    {
        using var one = File.OpenHandle(Write("one"));
        using var two = File.OpenHandle(Write("two"));

        Assert.Equal("two\none\n", await RunAsync(new SpawnRequest
        {
            Program = "sh",
            Arguments = ["-c", "cat <&3; cat <&4"],
            OutputPath = _folder.PathOf("out"),
            Inherited = [two, one],
        }));
    }

    [Fact]
    public async Task A_process_of_another_user_has_no_rights_and_can_gain_none()
    {
        var status = await RunAsync(new SpawnRequest
        {
            Program = "cat",
            Arguments = ["/proc/self/status"],
            OutputPath = _folder.PathOf("out"),
            User = new ProcessUser(600_000_007, 600_000_000, [600_000_001]),
        });

        Assert.Contains("Uid:\t600000007\t600000007\t600000007\t600000007", status);
        Assert.Contains("Gid:\t600000000\t600000000\t600000000\t600000000", status);
        Assert.Contains("Groups:\t600000001", status);
        foreach (var set in (string[])["CapInh", "CapPrm", "CapEff", "CapBnd"])
            Assert.Contains($"{set}:\t0000000000000000", status);
        Assert.Contains("NoNewPrivs:\t1", status);
    }

    [Fact]
    public async Task A_process_gets_none_of_our_environment()
    {
        Environment.SetEnvironmentVariable("HYPEMAN_TEST_SECRET", "x");
        var variables = await RunAsync(new SpawnRequest
        {
            Program = "env",
            Arguments = [],
            OutputPath = _folder.PathOf("out"),
            Environment = new Dictionary<string, string> { ["GIVEN"] = "1" },
        });
        Assert.Contains("GIVEN=1", variables);
        Assert.DoesNotContain("HYPEMAN_TEST_SECRET", variables);
    }

    [Fact]
    public async Task A_process_starts_in_the_namespace_it_is_told()
    {
        var name = "hmt-spawn-" + Guid.NewGuid().ToString("N")[..6];
        try
        {
            using var network = NetworkNamespace.Ensure(name);
            var devices = await RunAsync(new SpawnRequest
            {
                Program = "cat",
                Arguments = ["/proc/self/net/dev"],
                OutputPath = _folder.PathOf("out"),
                Network = network,
            });
            Assert.Equal(3, devices.TrimEnd().Split('\n').Length);
            Assert.Contains("lo:", devices);
        }
        finally
        {
            NetworkNamespace.Remove(name);
        }
    }

    [Fact]
    public async Task A_missing_program_is_named()
    {
        var missing = await Assert.ThrowsAsync<NodeException>(() => RunAsync("no-such-program"));
        Assert.Equal(NodeErrorKind.DependencyMissing, missing.Kind);
    }

    private string Write(string name)
    {
        File.WriteAllText(_folder.PathOf(name), name + "\n");
        return _folder.PathOf(name);
    }

    private Task<string> RunAsync(string program, params string[] arguments) => RunAsync(
        new SpawnRequest { Program = program, Arguments = arguments, OutputPath = _folder.PathOf("out") });

    private static async Task<string> RunAsync(SpawnRequest request)
    {
        var identity = await Spawner.StartAsync(request);
        if (ProcessHandle.Open(identity) is { } process)
        {
            using (process)
                await process.Exited.WaitAsync(TimeSpan.FromSeconds(20));
        }
        return File.ReadAllText(request.OutputPath);
    }
}
