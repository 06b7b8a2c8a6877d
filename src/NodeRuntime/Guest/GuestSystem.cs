namespace Hypeman.NodeRuntime.Guest;

/// <summary>Where the parts of the guest system are.</summary>
public sealed class GuestSystemOptions
{
    /// <summary>
    /// The unpacked <c>linux-image-*</c> package: <c>boot/vmlinuz-*</c> and <c>lib/modules/*</c> or
    /// <c>usr/lib/modules/*</c>. With several kernels the newest is taken.
    /// </summary>
    public required string KernelDirectory { get; set; }

    /// <summary>The static <c>hypeman-guest</c> executable.</summary>
    public required string GuestBinary { get; set; }

    /// <summary>Where initial file systems are kept, one file per content.</summary>
    public required string CacheDirectory { get; set; }
}

/// <summary>What a hypervisor needs to boot a guest.</summary>
public sealed record GuestSystemFiles(string Kernel, string Initramfs, string KernelVersion);

/// <summary>The kernel and the initial file system that every guest of this host boots.</summary>
public sealed class GuestSystem(GuestSystemOptions options)
{
    private GuestSystemFiles? _files;

    /// <summary>Finds the kernel and makes the initial file system where it is not there yet; cheap when repeated.</summary>
    /// <exception cref="Errors.NodeException">DependencyMissing: says what was looked for and what provides it.</exception>
    public async Task<GuestSystemFiles> EnsureAsync(CancellationToken cancellationToken) =>
        // Two first callers both build; the files they write are the same.
        _files ??= await GuestSystemBuilder.BuildAsync(options, cancellationToken);
}
