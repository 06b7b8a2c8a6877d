using System.Security.Cryptography;
using Hypeman.GuestProtocol.Boot;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Hypervisors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Networks;
using Hypeman.NodeRuntime.Nodes;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>
/// Starts the VM of a record whose stage is <see cref="VmStage.Starting"/>, or, up to where its processors are to run, of
/// one that is <see cref="VmStage.Restoring"/>.
/// <code>
/// 1  network    TAP, rules         ┐
/// 2  overlay    the writable disk  ├ at the same time; a restored VM has both disks
/// 3  config     what is to run     ┘
/// 4  open       everything that the process inherits; its control group
/// 5  spawn      as the VM's own user, in a namespace without network; its identity goes into the ledger
/// 6  control    the hypervisor answers
/// </code>
/// Each step may be repeated, and finds what an earlier try left. What undoes them, however far they came, is
/// <see cref="VmRelease"/>.
/// </summary>
/// <param name="origin">Null when the guest boots.</param>
internal sealed class VmStart(VmContext host, VmLayout layout, VmRecord record, VmSteps steps, VmOrigin? origin = null)
{
    private const int SeedBytes = 64;

    /// <summary>
    /// What QEMU needs beside the guest's memory: 40 MB were seen, and a translator's cache is 64 MB or more. Pages of a base
    /// are counted for the first who touches them, on top of the copies of those that were written to; but the kernel
    /// takes them back when the limit is reached, so they need no room.
    /// </summary>
    private const long HypervisorBytes = 512L << 20;

    /// <summary>For the threads that do the guest's input and output.</summary>
    private const double HypervisorCpus = 1;

    private VmSpec Spec => record.Spec;

    /// <param name="spawned">Puts the process into the ledger.</param>
    internal async Task<VmRun> RunAsync(Action<ProcessIdentity> spawned, CancellationToken cancellationToken)
    {
        var hypervisor = host.Hypervisors.First(candidate => candidate.Name == record.Hypervisor);
        var root = host.FindRoot(Spec.RootDigest) ?? throw new NodeException(
            NodeErrorKind.NotFound, $"The image {Spec.RootDigest} is not on this host.");
        Directory.CreateDirectory(layout.Logs);
        Directory.CreateDirectory(layout.Run);

        // :: Steps 1, 2, 3
        var address = host.Addresses.Take(Spec.Id);
        var network = steps.RunAsync("network", token => AttachAsync(address, token), cancellationToken);
        await Task.WhenAll(origin is not null ? [network] :
        [
            network,
            steps.RunAsync("overlay", EnsureOverlayAsync, cancellationToken),
            steps.RunAsync("config", token => WriteConfigAsync(address, token), cancellationToken),
        ]);
        var tap = await network;

        ProcessIdentity identity;
        // :: Step 4
        using (var inherited = await steps.RunAsync("open", _ => OpenAsync(root, tap), cancellationToken))
        {
            // :: Step 5
            identity = await steps.RunAsync("spawn", _ => SpawnAsync(hypervisor, inherited), cancellationToken);
            spawned(identity);
            host.Cgroups.Add(Spec.Id, identity.Pid);
        }

        // :: Step 6. Our own descriptors are closed now, so the sockets end with the process, and so does the waiting.
        var process = ProcessHandle.Open(identity) ?? throw Died();
        try
        {
            return new VmRun(process, hypervisor, await steps.RunAsync(
                "control", token => ConnectAsync(hypervisor, process, token), cancellationToken)) { Held = origin?.Held };
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    /// <returns>The TAP; null without a network.</returns>
    private async Task<string?> AttachAsync(VmAddress address, CancellationToken cancellationToken)
    {
        if (!Spec.NetworkEnabled)
            return null;
        var limits = new NicLimits(Spec.DownloadBytesPerSecond, Spec.UploadBytesPerSecond);
        return await host.Network.AttachAsync(Spec.Id, address, limits, record.Uid, cancellationToken);
    }

    /// <summary>A disk that is there is the VM's own from earlier boots.</summary>
    private async Task EnsureOverlayAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(layout.OverlayDisk))
            await host.Disks.CreateAsync(layout.OverlayDisk, Spec.OverlayBytes, ownerUid: 0, cancellationToken);
    }

    private Task WriteConfigAsync(VmAddress address, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var identity = VmIdentity.Of(Spec, address);
        var config = new GuestBootConfig
        {
            Boot = Spec.Boot,
            Hostname = identity.Hostname,
            MachineId = identity.MachineId,
            Program = Spec.Program,
            SkipGuestAgent = Spec.SkipGuestAgent,
            EntropySeed = RandomNumberGenerator.GetBytes(SeedBytes),
            WallClock = host.Time.GetUtcNow(),
            Network = identity.Network,
        };
        AtomicFile.Write(layout.ConfigDisk, GuestBootConfigCodec.Encode(config));
        return Task.CompletedTask;
    }

    private Task<VmDescriptors> OpenAsync(string root, string? tap)
    {
        if (origin is null)
            BeginLogs();
        host.Cgroups.Ensure(Spec.Id, new CgroupLimits(Spec.MemoryBytes + HypervisorBytes, Spec.Vcpus + HypervisorCpus));
        File.WriteAllBytes(layout.StateFile, []);
        FileOwner.Set(layout.StateFile, record.Uid, record.Uid);
        return VmDescriptors.OpenAsync(layout, host.Guest, root, tap, host.Network.Namespace, host.Time, origin);
    }

    /// <summary>Each boot has a console log of its own; that of the boot before is kept beside it.</summary>
    private void BeginLogs()
    {
        File.Delete(layout.EventsFile);
        if (File.Exists(layout.ConsoleLog))
            File.Move(layout.ConsoleLog, layout.ConsoleLog + ".1", overwrite: true);
    }

    private Task<ProcessIdentity> SpawnAsync(IHypervisor hypervisor, VmDescriptors inherited)
    {
        var command = hypervisor.Command(VmMachines.Of(record) with { IsRestored = origin is not null });
        IReadOnlyList<uint> groups = origin is null ? host.Groups : [.. host.Groups, origin.Base.Group];
        return Spawner.StartAsync(new SpawnRequest
        {
            Program = command.Program,
            Arguments = command.Arguments,
            Environment = new Dictionary<string, string> { [VmProcesses.OwnerVariable] = layout.Directory },
            OutputPath = layout.VmmLog,
            Inherited = inherited.Handles,
            Network = host.Network.Void,
            User = new ProcessUser(record.Uid, record.Uid, groups),
        });
    }

    private async Task<IHypervisorControl> ConnectAsync(
        IHypervisor hypervisor, ProcessHandle process, CancellationToken cancellationToken)
    {
        try
        {
            return await hypervisor.ConnectAsync(layout.ControlSocket, cancellationToken);
        }
        catch (NodeException e) when (e.Kind == NodeErrorKind.Unavailable)
        {
            // The socket goes first, the process a moment later.
            await process.Exited.WaitAsync(cancellationToken);
            throw Died();
        }
    }

    /// <summary>The process ended where it should have waited for us.</summary>
    internal NodeException Died() => new(
        NodeErrorKind.Internal,
        $"The hypervisor ended at once: {LastLineOf(layout.VmmLog) ?? "it left no word"}",
        $"see {layout.VmmLog}");

    private static string? LastLineOf(string path) => File.Exists(path)
        ? File.ReadLines(path).LastOrDefault(line => !string.IsNullOrWhiteSpace(line))
        : null;
}
