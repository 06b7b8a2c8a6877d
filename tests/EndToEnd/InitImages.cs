using Hypeman.Tests.Testing.Images;

namespace Hypeman.Tests.EndToEnd;

/// <summary>Images that are whole systems: their entrypoint is made to be process 1.</summary>
internal static class InitImages
{
    private const int Executable = 0b111_101_101;

    /// <summary>
    /// Debian's or Ubuntu's systemd as it is packaged, and two services, of which the second needs the first: they
    /// tell on the console when they come up and when they go down. What else runs on a machine for many users is left out.
    /// </summary>
    public static TestImage Systemd { get; } = new("e2e/systemd:v1", () => new OciImageBuilder()
        .Layer(File.ReadAllBytes(Artifacts.SystemdRoot))
        .File("usr/bin/busybox", File.ReadAllBytes("/bin/busybox"), Executable)
        .Symlink("usr/bin/sh", "busybox").Symlink("usr/bin/cat", "busybox").Symlink("usr/bin/echo", "busybox")
        .File("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
        .File("etc/group", "root:x:0:\n")
        .File("etc/systemd/system/first.service", Service("first", ""))
        .File("etc/systemd/system/second.service", Service("second", "Requires=first.service\nAfter=first.service\n"))
        .File("etc/systemd/system/default.target", "[Unit]\nRequires=basic.target second.service\nAfter=basic.target second.service\n")
        .Entrypoint("/sbin/init").Build());

    /// <summary>BusyBox's init with a table of its own: what is done at the start, what is kept running, what is done at the end.</summary>
    public static TestImage Busybox { get; } = new("e2e/busybox-init:v1", () => OciImageBuilder.Busybox()
        .Directory("sbin").Symlink("sbin/init", "/bin/busybox")
        .File("etc/inittab", """
            ::sysinit:/bin/echo the system comes up
            ::respawn:/bin/sleep 1000000
            ::shutdown:/bin/echo the system goes down

            """)
        .Entrypoint("/sbin/init").Build());

    private static string Service(string name, string order) => $"""
        [Unit]
        {order}[Service]
        Type=oneshot
        RemainAfterExit=yes
        ExecStart=/bin/echo {name} comes up
        ExecStop=/bin/echo {name} goes down
        StandardOutput=journal+console

        """;
}
