using Hypeman.NodeRuntime.Nodes;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Nodes;

public sealed class ReadableKernelTests
{
    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead, false)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite, true)]
    public void A_kernel_that_only_root_may_read_is_copied(UnixFileMode mode, bool copied)
    {
        using var folder = new TemporaryFolder();
        var kernel = folder.PathOf("vmlinuz-1");
        File.WriteAllText(kernel, "kernel");
        File.SetUnixFileMode(kernel, mode);
        var cache = Directory.CreateDirectory(folder.PathOf("cache")).FullName;

        var readable = ReadableKernel.Ensure(kernel, cache);

        Assert.Equal(copied, readable != kernel);
        Assert.Equal("kernel", File.ReadAllText(readable));
        Assert.True(File.GetUnixFileMode(readable).HasFlag(UnixFileMode.OtherRead));
    }
}
