using Hypeman.NodeRuntime.Linux;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Hypervisors;

/// <summary>
/// Finds out whether KVM works here, by running a guest: that a device file is there says little (a host may itself be
/// a VM whose nesting is broken, and a guest then hangs). The guest is our kernel without any disk. Booted, it finds
/// nothing to run, panics, and the machine resets, which QEMU takes for its end. The answer is kept for as long as
/// host kernel and QEMU are the same.
/// </summary>
internal sealed class AcceleratorProbe(string cacheFile, TimeProvider time, ILogger log)
{
    private const string Device = "/dev/kvm";
    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    /// <param name="user">As which VMs run: KVM must work for it, not for root.</param>
    internal async Task<string> FindAsync(
        string program, Version version, string kernel, ProcessUser user, CancellationToken cancellationToken)
    {
        if (!File.Exists(Device))
            return Accelerators.Tcg;
        var key = $"{version} {(await File.ReadAllTextAsync(BootIdFile, cancellationToken)).Trim()}";
        if (ReadCache(key) is { } known)
            return known;
        var works = await RunsGuestAsync(program, kernel, user, cancellationToken);
        var found = works ? Accelerators.Kvm : Accelerators.Tcg;
        if (!works)
            log.LogWarning("{Device} is there, but a guest does not run with it; guests are emulated, which is slower", Device);
        AtomicFile.Write(cacheFile, $"{key} {found}\n");
        return found;
    }

    private string? ReadCache(string key) =>
        File.Exists(cacheFile) && File.ReadAllText(cacheFile).Trim() is var text && text.StartsWith(key + " ", StringComparison.Ordinal)
            ? text[(key.Length + 1)..]
            : null;

    private async Task<bool> RunsGuestAsync(
        string program, string kernel, ProcessUser user, CancellationToken cancellationToken)
    {
        using var image = File.OpenHandle(kernel, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var started = await Spawner.StartAsync(new SpawnRequest
        {
            Program = program,
            Arguments =
            [
                "-M", "q35", "-accel", Accelerators.Kvm, "-cpu", "host", "-m", "128M", "-nodefaults", "-no-user-config",
                "-no-reboot", "-display", "none", "-kernel", "/proc/self/fd/3", "-append", "panic=-1 reboot=t quiet",
            ],
            OutputPath = cacheFile + ".log",
            Inherited = [image],
            User = user,
        });
        using var process = ProcessHandle.Open(started);
        if (process is null)
            return false;
        try
        {
            var exit = await process.Exited.WaitAsync(Deadline, time, cancellationToken);
            return exit.ExitCode == 0;
        }
        catch (TimeoutException)
        {
            return false;
        }
        finally
        {
            process.Kill(ProcessSignal.Kill);
            await process.Exited;
        }
    }
}
