using Hypeman.GuestAgent.Linux;
using Hypeman.GuestAgent.Programs;

namespace Hypeman.Tests.GuestAgent.Programs;

public sealed class ExitMessageTests
{
    [Theory]
    [InlineData(0, false, "success")]
    [InlineData(1, false, "exit code 1")]
    [InlineData(125, false, "exit code 125")]
    [InlineData(126, false, "permission denied (command not executable)")]
    [InlineData(127, false, "command not found")]
    [InlineData(128, false, "exit code 128")]
    [InlineData(129, false, "killed by signal 1 (hangup)")]
    [InlineData(137, false, "killed by signal 9 (killed)")]
    [InlineData(137, true, "killed by signal 9 (killed) - OOM")]
    [InlineData(139, false, "killed by signal 11 (segmentation fault)")]
    [InlineData(143, false, "killed by signal 15 (terminated)")]
    [InlineData(159, false, "killed by signal 31 (bad system call)")]
    [InlineData(255, false, "killed by signal 127 (signal 127)")]
    public void Every_code_has_its_message(int code, bool oom, string message) => Assert.Equal(message, ExitMessage.For(code, oom));

    [Theory]
    [InlineData(0x0000, 0)]
    [InlineData(0x0300, 3)]
    [InlineData(0xff00, 255)]
    [InlineData(0x0009, 137)]
    [InlineData(0x008b, 139)] // with a core dump
    public void A_wait_status_becomes_a_code_as_shells_have_it(int status, int code) => Assert.Equal(code, Spawn.ExitCode(status));

    [Theory]
    [InlineData("3,817,9348,-;Out of memory: Killed process 123 (tail) total-vm:1kB", true)]
    [InlineData("6,1,1,-;oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null)", true)]
    [InlineData("6,1,1,-;virtio_blk virtio1: [vda] 512 sectors", false)]
    public void Kills_for_want_of_memory_are_known_by_the_kernels_words(string line, bool oom) =>
        Assert.Equal(oom, ExitMessage.IsOomKill(line));
}
