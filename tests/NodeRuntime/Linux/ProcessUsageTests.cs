using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Tests.NodeRuntime.Linux;

public sealed class ProcessUsageTests
{
    [Fact]
    public void The_numbers_are_found_behind_a_name_with_brackets_and_blanks()
    {
        var stat = "7 (qemu ) 1) S 1 7 7 0 -1 4194560 1 2 3 4 250 50 9 9 20 0 4 0 1234 8192 3 18446744073709551615";

        Assert.Equal(
            new ProcessUsage(TimeSpan.FromSeconds(3), 3L * Environment.SystemPageSize, 8192), ProcessUsage.Parse(stat));
    }

    [Fact]
    public void A_process_that_lives_takes_something_and_one_that_was_before_it_nothing()
    {
        var self = ProcessIdentity.Of(Environment.ProcessId)!.Value;

        var usage = ProcessUsage.Of(self)!.Value;

        Assert.True(usage.CpuTime > TimeSpan.Zero);
        Assert.InRange(usage.ResidentBytes, 1, usage.VirtualBytes);
        Assert.Null(ProcessUsage.Of(self with { StartTime = self.StartTime - 1 }));
    }
}
