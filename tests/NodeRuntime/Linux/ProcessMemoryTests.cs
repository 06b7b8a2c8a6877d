using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Tests.NodeRuntime.Linux;

/// <summary>Finding a guest's memory; that it is read and written rightly is shown by guests that sleep and wake.</summary>
public sealed class ProcessMemoryTests
{
    private static readonly string[] Maps =
    [
        "7f0000000000-7f0010000000 rw-p 00000000 00:00 0 ",
        "7f1000000000-7f1010000000 rw-p 00000000 fe:00 4711                       /data/memory/a/pages",
        "7f2000000000-7f2010000000 rwxp 00000000 00:00 0 ",
        "7f3000000000-7f3010000000 r--p 00000000 fe:00 4711                       /data/memory/a/pages",
        "7f4000000000-7f4020000000 rw-p 00000000 00:00 0                          [heap]",
    ];

    [Theory]
    [InlineData(0, 0x7f0000000000)]
    [InlineData(4711, 0x7f1000000000)]
    public void The_mapping_is_told_by_size_rights_and_file(ulong inode, long start) =>
        Assert.Equal([start], ProcessMemory.Find(Maps, 256 << 20, inode));

    [Theory]
    [InlineData(128 << 20, 0)]
    [InlineData(256 << 20, 4712)]
    public void Another_is_not_taken(long bytes, ulong inode) => Assert.Empty(ProcessMemory.Find(Maps, bytes, inode));

    [Fact]
    public void A_process_without_it_says_so()
    {
        var error = Assert.Throws<LinuxException>(() => ProcessMemory.Open(
            ProcessIdentity.Of(Environment.ProcessId)!.Value, 12345 * 4096, mappedFile: null));
        Assert.Contains("0 mappings of 50565120 bytes", error.Message);
    }
}
