using Hypeman.NodeRuntime.Hypervisors;
using Hypeman.NodeRuntime.Hypervisors.Qemu;

namespace Hypeman.Tests.NodeRuntime.Hypervisors;

public sealed class HypervisorFactsTests
{
    [Theory]
    [InlineData("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright", "7.2.22")]
    [InlineData("QEMU emulator version 10.0.13", "10.0.13")]
    [InlineData("QEMU emulator version 9.1 (v9.1-rc0)", "9.1")]
    public void The_version_of_qemu_is_read(string text, string version) =>
        Assert.Equal(Version.Parse(version), QemuVersion.Parse(text));

    [Fact]
    public void What_is_not_qemu_has_no_version() => Assert.Null(QemuVersion.Parse("busybox v1.35"));

    [Fact]
    public void The_clock_rate_is_read_in_kilohertz()
    {
        Assert.Equal(2_596_120, ProcessorClock.Parse(["processor\t: 0", "cpu MHz\t\t: 2596.120", "cpu MHz\t\t: 1000.0"]));
        Assert.Null(ProcessorClock.Parse(["processor\t: 0"]));
    }
}
