using System.Globalization;
using System.Net;
using Hypeman.GuestProtocol.Events;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Hypervisors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Networks;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>What the supervisor does; all of it runs on the inbox's loop.</summary>
internal sealed partial class VmSupervisor
{
    private async Task<VmStatus> StartNowAsync(VmSpec spec, CancellationToken givenUp)
    {
        ThrowIfShuttingDown();
        if (run is not null)
        {
            // :: It runs; only who may order it can have changed.
            Obey(spec.Epoch);
            return Status;
        }
        if (record?.StartedBoot >= spec.Boot)
        {
            // The order is a repetition: this boot ran, and is over.
            Obey(spec.Epoch);
            return Status;
        }
        var hypervisor = Choose(spec.Hypervisor);
        if (givenUp.IsCancellationRequested)
            throw GivenUp();
        var address = host.Addresses.Take(id);
        trail.Note(string.Create(
            CultureInfo.InvariantCulture,
            $"starting boot {spec.Boot}: {hypervisor.Name}, {spec.Vcpus} vcpus, {spec.MemoryBytes >> 20} MiB, {spec.RootDigest}"));
        Write(new VmRecord
        {
            Epoch = spec.Epoch,
            Spec = spec,
            Stage = VmStage.Starting,
            Ip = address.Ip.ToString(),
            Mac = address.Mac,
            Uid = host.Network.UidOf(address.Ip),
            Hypervisor = hypervisor.Name,
            StartedBoot = record?.StartedBoot,
            StartedAt = host.Time.GetUtcNow(),
        });
        steps = new VmSteps(id, host, trail);
        Publish();
        await StartOrUndoAsync(givenUp);
        return Status;
    }

    private async Task StartOrUndoAsync(CancellationToken givenUp)
    {
        VmRun? started = null;
        try
        {
            started = await new VmStart(host, layout, record!, steps!).RunAsync(
                identity => Write(record! with { Process = identity }), givenUp);
            Write(record! with { Stage = VmStage.Started, StartedBoot = record.Spec.Boot, Timings = steps!.Timings });
            run = started;
            started.Watch(layout, record.Spec, this, host.BootDeadline, host.Time);
            Publish();
        }
        catch (Exception) when (shutdown.IsCancellationRequested)
        {
            // Undone by whoever takes the ledger up next.
            throw new NodeException(NodeErrorKind.Unavailable, "The node is shutting down.");
        }
        catch (Exception e)
        {
            var reason = givenUp.IsCancellationRequested ? GivenUp() : e;
            trail.Note($"the start failed: {reason.Message}");
            if (started is not null)
                await started.DisposeAsync();
            await VmRelease.RunWithProcessesAsync(host, id);
            Write(record! with
            {
                Stage = VmStage.Stopped,
                Process = null,
                StartedAt = null,
                Timings = steps!.Timings,
                Error = reason is NodeException ? reason.Message : "The node could not start the VM; its log says why.",
            });
            Publish();
            if (ReferenceEquals(reason, e))
                throw;
            throw reason;
        }
    }

    private async Task<VmStatus> StopNowAsync(long epoch, TimeSpan grace, CancellationToken hurry)
    {
        ThrowIfShuttingDown();
        if (record is null)
            throw NotHere();
        Obey(epoch);
        if (run is { } current)
        {
            trail.Note($"stopping, with {grace.TotalSeconds:0.#} s of grace");
            await EndAsync(current, ending => ending.EndAsync(grace, hurry));
        }
        return Status;
    }

    private async Task<bool> DeleteNowAsync(long epoch)
    {
        ThrowIfShuttingDown();
        if (record is not null)
        {
            Obey(epoch);
            Write(record with { Stage = VmStage.Deleting });
        }
        await FinishDeletionAsync();
        return true;
    }

    private async Task FinishDeletionAsync()
    {
        trail.Note("deleting");
        if (run is { } current)
            await EndAsync(current, ending => ending.KillAsync());
        await VmRelease.RunWithProcessesAsync(host, id);
        host.Addresses.Release(id);
        Directory.Delete(layout.Directory, recursive: true);
        host.Board.Remove(id);
        IsDeleted = true;
        inbox.Close();
    }

    private async Task EndAsync(VmRun current, Func<VmEnding, Task> end)
    {
        current.IsEnding = true;
        Publish();
        try
        {
            await end(new VmEnding(current, trail, host.Time));
        }
        catch (NodeException e)
        {
            current.IsEnding = false;
            current.Trouble = e.Message;
            Publish();
            throw;
        }
        if (!shutdown.IsCancellationRequested)
            await FinishAsync(wasAsked: true);
    }

    /// <summary>The process is gone: reads how it went, gives back what it held.</summary>
    private async Task FinishAsync(bool wasAsked)
    {
        if (run is { } ended)
        {
            ended.IsEnding = true;
            Publish();
            await ended.DisposeAsync();
        }
        var deleting = record!.Stage == VmStage.Deleting;
        var events = GuestEventLog.Read(layout.EventsFile, record.Spec.Boot);
        await VmRelease.RunAsync(host, id);
        var outcome = VmOutcome.Of(record, events, wasAsked, host.Time.GetUtcNow());
        Write(outcome with { Stage = deleting ? VmStage.Deleting : VmStage.Stopped, Timings = steps?.Timings ?? record.Timings });
        run = null;
        trail.Note(outcome.ExitMessage ?? outcome.Error ?? "stopped");
        Publish();
    }

    /// <summary>Takes up what the ledger says.</summary>
    internal Task AdoptAsync() => inbox.TryPost(async () =>
    {
        AtomicFile.Sweep(layout.Directory);
        record = VmLedger.Read(layout.LedgerFile);
        if (record is null)
            return true;
        lock (gate)
            latestEpoch = record.Epoch;
        host.Addresses.Restore(id, IPAddress.Parse(record.Ip));
        switch (record.Stage)
        {
            case VmStage.Stopped:
                break;
            case VmStage.Starting:
                trail.Note("undoing a start that was cut off");
                await VmRelease.RunWithProcessesAsync(host, id);
                Write(record with
                {
                    Stage = VmStage.Stopped,
                    Process = null,
                    StartedAt = null,
                    Error = "The node was restarted while it started this VM; start it again.",
                });
                break;
            case VmStage.Started:
                await TakeUpAsync(record);
                break;
            case VmStage.Deleting:
                await FinishDeletionAsync();
                return true;
        }
        Publish();
        return true;
    }, CancellationToken.None)!;

    private async Task TakeUpAsync(VmRecord running)
    {
        if (ProcessHandle.Open(running.Process!.Value) is not { } process)
        {
            trail.Note("the hypervisor process ended while nobody watched");
            await FinishAsync(wasAsked: false);
            return;
        }
        trail.Note($"taking up process {process.Identity.Pid}");
        var events = GuestEventLog.Read(layout.EventsFile, running.Spec.Boot);
        var hypervisor = host.Hypervisors.FirstOrDefault(candidate => candidate.Name == running.Hypervisor)
            ?? host.Hypervisors[0];
        var taken = new VmRun(process, hypervisor, control: null)
        {
            ProgramStarted = events.OfType<ProgramStarted>().Any(),
            // It answered the one before us; we shall reach it in a moment.
            AgentAnswered = events.OfType<AgentReady>().Any(),
        };
        run = taken;
        if (running.Spec.NetworkEnabled)
            await MendNetworkAsync(running);
        taken.Watch(
            layout, running.Spec, this, running.StartedAt!.Value + host.BootDeadline - host.Time.GetUtcNow(), host.Time);
        taken.Trouble = await taken.ProbeAsync(layout, this, host.Time);
    }

    /// <summary>Somebody may have flushed the rules of this VM meanwhile. It is not worth less to us without them.</summary>
    private async Task MendNetworkAsync(VmRecord running)
    {
        try
        {
            var limits = new NicLimits(running.Spec.DownloadBytesPerSecond, running.Spec.UploadBytesPerSecond);
            await host.Network.AttachAsync(id, host.Addresses.Take(id), limits, running.Uid, CancellationToken.None);
        }
        catch (Exception e) when (e is NodeException or CommandException or LinuxException)
        {
            trail.Note($"the network of the VM could not be looked after: {e.Message}");
        }
    }

    private VmStatus Status => host.Board.Find(id) ?? throw NotHere();

    private IHypervisor Choose(string? name) =>
        name is null ? host.Hypervisors[0]
        : host.Hypervisors.FirstOrDefault(hypervisor => hypervisor.Name == name) ?? throw new NodeException(
            NodeErrorKind.NotSupported,
            $"This host has no hypervisor '{name}'; it has {string.Join(", ", host.Hypervisors.Select(h => h.Name))}.");

    /// <summary>Recorded first, so that no earlier owner is obeyed after a crash.</summary>
    private void Obey(long epoch)
    {
        if (epoch == record!.Epoch)
            return;
        Write(record with { Epoch = epoch });
        Publish();
    }

    private void ThrowIfShuttingDown()
    {
        if (shutdown.IsCancellationRequested)
            throw new NodeException(NodeErrorKind.Unavailable, "The node is shutting down.");
    }

    private NodeException NotHere() => new(NodeErrorKind.NotFound, $"This host has no VM {id}.");

    private static NodeException GivenUp() =>
        new(NodeErrorKind.WrongPhase, "The start was given up: the VM was ordered to stop.");
}
