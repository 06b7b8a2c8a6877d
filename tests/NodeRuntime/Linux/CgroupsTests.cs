using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Linux;

public sealed class CgroupsTests
{
    [Fact]
    public void The_trees_of_a_modern_host_and_of_an_old_one_are_found()
    {
        const string unified = "28 1 0:25 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";
        const string old = """
            30 24 0:26 / /sys/fs/cgroup/unified rw shared:5 - cgroup2 cgroup2 rw
            31 24 0:27 / /sys/fs/cgroup/systemd rw shared:6 - cgroup cgroup rw,xattr,name=systemd
            32 24 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:7 - cgroup cgroup rw,cpu,cpuacct
            24 1 0:23 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755
            """;

        var modern = Assert.Single(CgroupHierarchy.Parse([unified], root => "cpu io memory pids\n"));
        Assert.True(modern.IsUnified);
        Assert.True(modern.Controllers.SetEquals(["cpu", "io", "memory", "pids"]));

        var trees = CgroupHierarchy.Parse(old.Split('\n'), root => "hugetlb\n");
        Assert.Equal(["unified", "systemd", "cpu,cpuacct"], trees.Select(tree => Path.GetFileName(tree.Root)));
        Assert.Equal([true, false, false], trees.Select(tree => tree.IsUnified));
        Assert.Contains("cpu", trees[2].Controllers);
    }

    [Fact]
    public void Limits_are_written_as_each_version_wants_them()
    {
        var limits = new CgroupLimits(1 << 20, 1.5);
        Assert.Equal([("memory.max", "1048576"), ("cpu.max", "150000 100000")], CgroupFiles.Limits(true, limits));
        Assert.Equal([("memory.max", "max"), ("cpu.max", "max 100000")], CgroupFiles.Limits(true, default));
        Assert.Equal(
            [("memory.limit_in_bytes", "1048576"), ("cpu.cfs_quota_us", "150000")], CgroupFiles.Limits(false, limits));
        Assert.Equal([("memory.limit_in_bytes", "-1"), ("cpu.cfs_quota_us", "-1")], CgroupFiles.Limits(false, default));
    }

    [Fact]
    [Trait("Category", "Vm")]
    public async Task A_group_holds_limits_and_ends_with_what_runs_in_it()
    {
        using var folder = new TemporaryFolder();
        var cgroups = Cgroups.Detect("test" + Guid.NewGuid().ToString("N")[..8]);
        try
        {
            cgroups.Ensure("vm", new CgroupLimits(256 << 20, 0.5));
            var identity = await Spawner.StartAsync(new SpawnRequest
            {
                Program = "sleep",
                Arguments = ["60"],
                OutputPath = folder.PathOf("out"),
            });
            using var process = ProcessHandle.Open(identity)!;
            cgroups.Add("vm", identity.Pid);
            Assert.Equal(["vm"], cgroups.List());
            Assert.False(cgroups.TryRemove("vm"));

            cgroups.Kill("vm");

            await process.Exited.WaitAsync(TimeSpan.FromSeconds(20));
        }
        finally
        {
            await Until.True(() => cgroups.TryRemove("vm") && cgroups.TryRemoveAll(), TimeSpan.FromSeconds(10), "the groups were removed");
        }
        Assert.Empty(cgroups.List());
    }
}
