using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Tests.Testing.Guest;

/// <summary>
/// A small root made of Debian's busybox-static: every applet in /bin, a user "app" (1000, with the extra group 2000),
/// and a file that root may not execute.
/// </summary>
public static class BusyBoxRoot
{
    /// <summary>Makes the tree; the folder must not exist yet.</summary>
    public static async Task MakeAsync(string directory, CancellationToken cancellationToken)
    {
        foreach (var folder in new[] { "bin", "etc", "root", "tmp", "home/app" })
            Directory.CreateDirectory(Path.Combine(directory, folder));
        var busybox = Executables.Find("busybox");
        File.Copy(busybox, Path.Combine(directory, "bin/busybox"));
        File.SetUnixFileMode(Path.Combine(directory, "bin/busybox"), FileModes.Executable);
        var applets = await Command.RunAsync(busybox, ["--list"], cancellationToken);
        foreach (var applet in applets.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(name => name != "busybox"))
            File.CreateSymbolicLink(Path.Combine(directory, "bin", applet), "busybox");
        await File.WriteAllTextAsync(Path.Combine(directory, "etc/passwd"),
            "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n", cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(directory, "etc/group"),
            "root:x:0:\napp:x:1000:\nextra:x:2000:app\n", cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(directory, "etc/not-executable"), "text\n", cancellationToken);
        File.SetUnixFileMode(Path.Combine(directory, "tmp"), (UnixFileMode)0x3ff);
    }

    /// <summary>Makes an EROFS image of it.</summary>
    public static async Task MakeImageAsync(string image, CancellationToken cancellationToken)
    {
        var tree = $"{image}.d";
        await MakeAsync(tree, cancellationToken);
        await Command.RunAsync("mkfs.erofs", [image, tree], cancellationToken);
        Directory.Delete(tree, recursive: true);
    }
}
