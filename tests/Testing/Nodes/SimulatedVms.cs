using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Networks;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Tests.Testing.Nodes;

/// <summary>
/// The VMs of a simulated node. A started VM boots and becomes ready at once, or only when the test says so
/// (<see cref="BootByItself"/>, <see cref="Boot"/>).
/// </summary>
public sealed partial class SimulatedVms(FaultPlan faults, SimulatedImages images, TimeProvider time) : IVmHost
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, VmStatus> _ledger = [];
    private readonly Dictionary<string, SemaphoreSlim> _turns = [];
    private readonly List<Channel<VmStatus>> _watchers = [];
    private readonly ConcurrentDictionary<(string, VmLog), SimulatedLog> _logs = new();
    private readonly ConcurrentDictionary<string, DateTimeOffset> _keptActivity = new();
    private int _addresses = 1;
    private int _looks;

    /// <summary>Whether a VM that was started is ready at once.</summary>
    public bool BootByItself { get; set; } = true;

    /// <summary>How a guest answers a session; default: an exec echoes its input and exits with 0 at its end.</summary>
    public Func<GuestRequest, IGuestSession> Guest { get; set; } = request => new EchoSession(request);

    /// <summary>The guest becomes ready.</summary>
    public void Boot(string id) => Change(id, vm => vm with { Phase = VmPhase.Running });

    /// <summary>The guest's program ends by itself.</summary>
    public void Exit(string id, int code) => Change(id, vm => vm with
    {
        Phase = VmPhase.Stopped,
        Saved = null,
        ExitCode = code,
        ExitMessage = code == 0 ? "success" : $"exit code {code}",
        ExitedAt = time.GetUtcNow(),
    });

    /// <summary>The node sees the VM in this phase.</summary>
    public void Show(string id, VmPhase phase, string? error = null) =>
        Change(id, vm => vm with { Phase = phase, Error = error });

    /// <summary>All that the node held of a VM is gone, without anybody having ordered it.</summary>
    public void Lose(string id)
    {
        lock (_gate)
            _ledger.Remove(id);
        _disks.TryRemove(id, out _);
        _received.TryRemove(id, out _);
    }

    /// <summary>A VM that no order of the present owner made.</summary>
    public void Plant(VmStatus vm)
    {
        lock (_gate)
            _ledger[vm.Id] = vm;
        Tell(vm);
    }

    public async Task<VmStatus> StartAsync(VmSpec spec, CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(spec.Id, cancellationToken);
        RefuseIfFenced(spec.Id, spec.Epoch);
        await faults.PassAsync(NodeStep.StartBegins, cancellationToken);
        if (Find(spec.Id) is { Phase: VmPhase.Booting or VmPhase.Running } running)
        {
            if (running.Epoch != spec.Epoch)
                Change(spec.Id, vm => vm with { Epoch = spec.Epoch });
            return Find(spec.Id) ?? running;
        }
        if (Find(spec.Id) is { Phase: VmPhase.Arriving })
            throw new NodeException(NodeErrorKind.WrongPhase, $"the files of VM {spec.Id} have not all arrived");
        if (Find(spec.Id) is { Phase: VmPhase.Standby } resting && resting.Boot >= spec.Boot)
            return resting;
        if (images.FindRoot(spec.RootDigest) is null)
            throw new NodeException(NodeErrorKind.NotFound, $"there is no root for {spec.RootDigest}");
        var vm = new VmStatus
        {
            Id = spec.Id,
            Epoch = spec.Epoch,
            Boot = spec.Boot,
            Phase = VmPhase.Booting,
            HasRun = true,
            Ip = Find(spec.Id)?.Ip ?? $"10.100.0.{Interlocked.Increment(ref _addresses)}",
            Mac = "02:00:00:00:00:01",
            StartedAt = time.GetUtcNow(),
        };
        _disks.TryAdd(spec.Id, [1]);
        _reverted.TryRemove(spec.Id, out _);
        Plant(vm);
        if (BootByItself)
            Boot(spec.Id);
        await faults.PassAsync(NodeStep.StartDone, cancellationToken);
        return Find(spec.Id) ?? vm;
    }

    public async Task<VmStatus> StopAsync(string id, long epoch, TimeSpan grace, CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(id, cancellationToken);
        RefuseIfFenced(id, epoch);
        await faults.PassAsync(NodeStep.StopBegins, cancellationToken);
        if (Find(id) is not { } vm)
            throw NotHere(id);
        if (vm.Epoch != epoch)
            Change(id, held => held with { Epoch = epoch });
        if (vm.Phase is not (VmPhase.Stopped or VmPhase.Arriving))
            Change(id, running => running with
            {
                Phase = VmPhase.Stopped,
                Saved = null,
                ExitedAt = time.GetUtcNow(),
                ExitCode = grace > TimeSpan.Zero ? 143 : null,
                ExitMessage = grace > TimeSpan.Zero ? "killed by signal 15 (terminated)" : null,
            });
        await faults.PassAsync(NodeStep.StopDone, cancellationToken);
        return Find(id) ?? vm;
    }

    /// <summary>Who uses each VM, as the test says; nobody where it says nothing.</summary>
    public ConcurrentDictionary<string, VmActivity> Activity { get; } = new();

    /// <summary>Why the node cannot tell who uses its VMs; null: it can.</summary>
    public NodeException? ActivityFault { get; set; }

    /// <summary>How often it was asked.</summary>
    public int Looks => Volatile.Read(ref _looks);

    public Task<IReadOnlyDictionary<string, VmActivity>> ReadActivityAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _looks);
        return ActivityFault is { } fault
            ? Task.FromException<IReadOnlyDictionary<string, VmActivity>>(fault)
            : Task.FromResult<IReadOnlyDictionary<string, VmActivity>>(List()
                .Where(vm => vm.Phase is VmPhase.Booting or VmPhase.Running or VmPhase.Paused)
                .ToDictionary(vm => vm.Id, vm => ActivityOf(vm.Id)));
    }

    public void KeepActivity(string id, DateTimeOffset at) => _keptActivity[id] = at;

    public async Task<VmStatus> StandbyAsync(string id, long epoch, Func<VmActivity, bool>? isUsed, CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(id, cancellationToken);
        RefuseIfFenced(id, epoch);
        await faults.PassAsync(NodeStep.StandbyBegins, cancellationToken);
        if (Find(id) is not { Phase: VmPhase.Standby })
        {
            RequireRunning(id);
            if (isUsed?.Invoke(ActivityOf(id)) == true)
                throw new NodeException(NodeErrorKind.Busy, $"VM {id} is used");
            Change(id, vm => vm with { Phase = VmPhase.Standby, Epoch = epoch, Saved = new SavedMemory(time.GetUtcNow(), 1, 1, 0, 1) });
        }
        await faults.PassAsync(NodeStep.StandbyDone, cancellationToken);
        return Find(id) ?? throw NotHere(id);
    }

    public async Task<VmStatus> RestoreAsync(string id, long epoch, CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(id, cancellationToken);
        RefuseIfFenced(id, epoch);
        await faults.PassAsync(NodeStep.RestoreBegins, cancellationToken);
        switch (Find(id) ?? throw NotHere(id))
        {
            case { Phase: VmPhase.Standby }:
                Change(id, vm => vm with { Phase = VmPhase.Booting, Epoch = epoch, Restores = vm.Restores + 1 });
                if (BootByItself)
                    Boot(id);
                break;
            case { Phase: VmPhase.Stopped } vm:
                throw new NodeException(NodeErrorKind.WrongPhase, $"VM {id} is {vm.Phase}, not Standby");
        }
        await faults.PassAsync(NodeStep.RestoreDone, cancellationToken);
        return Find(id) ?? throw NotHere(id);
    }

    public async Task DeleteAsync(string id, long epoch, CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(id, cancellationToken);
        RefuseIfFenced(id, epoch);
        await faults.PassAsync(NodeStep.DeleteBegins, cancellationToken);
        Lose(id);
        await faults.PassAsync(NodeStep.DeleteDone, cancellationToken);
    }

    public VmStatus? Find(string id)
    {
        lock (_gate)
            return _ledger.GetValueOrDefault(id);
    }

    public IReadOnlyList<VmStatus> List()
    {
        lock (_gate)
            return [.. _ledger.Values];
    }

    /// <summary>What each VM that has a process takes.</summary>
    public VmUsage Usage { get; set; } = new(TimeSpan.FromSeconds(1), 64L << 20, 256L << 20, new NicCounters(1000, 500));

    public Task<VmUsage> ReadUsageAsync(string id, CancellationToken cancellationToken) => Task.FromResult(
        (Find(id) ?? throw NotHere(id)).Phase is VmPhase.Booting or VmPhase.Running or VmPhase.Paused ? Usage : VmUsage.None);

    public async IAsyncEnumerable<VmStatus> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateUnbounded<VmStatus>();
        lock (_gate)
        {
            foreach (var vm in _ledger.Values)
                channel.Writer.TryWrite(vm);
            _watchers.Add(channel);
        }
        try
        {
            await foreach (var vm in channel.Reader.ReadAllAsync(cancellationToken))
                yield return vm;
        }
        finally
        {
            lock (_gate)
                _watchers.Remove(channel);
        }
    }

    public Task<IGuestSession> OpenGuestAsync(string id, GuestRequest request, bool keepsAwake, CancellationToken cancellationToken)
    {
        RequireRunning(id);
        return Task.FromResult(Guest(request));
    }

    public Task<StatReply> StatAsync(string id, StatRequest request, CancellationToken cancellationToken)
    {
        RequireRunning(id);
        ArgumentNullException.ThrowIfNull(request.Path);
        return Task.FromResult(new StatReply { Exists = request.Path == "/", IsDirectory = request.Path == "/", Mode = 0x1ED });
    }

    public async IAsyncEnumerable<IReadOnlyList<string>> ReadLogAsync(
        string id, VmLog log, int tail, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!_logs.TryGetValue((id, log), out var lines))
            throw new NodeException(NodeErrorKind.NotFound, "there is no such log yet");
        await foreach (var batch in lines.ReadAsync(tail, follow, cancellationToken))
            yield return batch;
    }

    public void AppendLog(string id, string line) => Log(id, VmLog.Operations).Append(line);

    /// <summary>A log of a VM, made when it is not there.</summary>
    public SimulatedLog Log(string id, VmLog log) => _logs.GetOrAdd((id, log), _ => new SimulatedLog());

    /// <summary>What listens in the guests; by default nothing does.</summary>
    public Func<string, int, CancellationToken, ValueTask<Stream>>? Ports { get; set; }

    public ValueTask<Stream> ConnectAsync(string id, int port, bool keepsAwake, CancellationToken cancellationToken)
    {
        RequireRunning(id);
        return Ports is { } ports
            ? ports(id, port, cancellationToken)
            : throw new NodeException(NodeErrorKind.Unavailable, $"nothing listens on port {port} of a simulated guest");
    }

    private VmActivity ActivityOf(string id) => Activity.GetValueOrDefault(id, VmActivity.None) with
    {
        KeptAt = _keptActivity.TryGetValue(id, out var at) ? at : null,
    };

    private void Change(string id, Func<VmStatus, VmStatus> change)
    {
        VmStatus vm;
        lock (_gate)
            _ledger[id] = vm = change(_ledger.GetValueOrDefault(id) ?? throw NotHere(id));
        Tell(vm);
    }

    private void Tell(VmStatus vm)
    {
        lock (_gate)
            foreach (var watcher in _watchers)
                watcher.Writer.TryWrite(vm);
    }

    // Orders for one VM follow each other, as they do in a real supervisor.
    private async Task<IDisposable> TakeTurnAsync(string id, CancellationToken cancellationToken)
    {
        SemaphoreSlim turn;
        lock (_gate)
            if (!_turns.TryGetValue(id, out turn!))
                _turns[id] = turn = new SemaphoreSlim(1, 1);
        await turn.WaitAsync(cancellationToken);
        return new Turn(turn);
    }

    private void RefuseIfFenced(string id, long epoch)
    {
        if (Find(id) is { } vm && epoch < vm.Epoch)
            throw new NodeException(NodeErrorKind.Fenced, $"VM {id} belongs to owner {vm.Epoch}; this order is of owner {epoch}");
    }

    private void RequireRunning(string id)
    {
        if (Find(id) is not { } vm)
            throw NotHere(id);
        if (vm.Phase != VmPhase.Running)
            throw new NodeException(NodeErrorKind.WrongPhase, $"VM {id} is {vm.Phase}, not Running");
    }

    private static NodeException NotHere(string id) => new(NodeErrorKind.NotFound, $"this node holds no VM {id}");

    private sealed class Turn(SemaphoreSlim semaphore) : IDisposable
    {
        public void Dispose() => semaphore.Release();
    }
}
