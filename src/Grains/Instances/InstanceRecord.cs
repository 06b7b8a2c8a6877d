using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Grains.Instances.Health;
using Hypeman.Grains.Instances.Idle;
using Hypeman.Grains.Nodes;
using Hypeman.Grains.Records;

namespace Hypeman.Grains.Instances;

/// <summary>
/// The record of one instance: written first, with its row of the index, then told to the node's books and to those who
/// watch.
/// </summary>
internal sealed class InstanceRecord(
    StateCell<InstanceState> cell, IResourceIndex index, NodeBooks books, NodeDirectory nodes, LocalNodes local, HealthMonitor health,
    IdleMonitor idle, GrainClock clock)
{
    // A stand-in is made for the first call that cannot go home.
    private readonly DateTimeOffset _awakeSince = clock.Now;

    public InstanceState? State => cell.Value;

    /// <summary>This activation has seen the record, also if it is gone now.</summary>
    public bool WasThere { get; private set; }

    public Watchers<InstanceInfo> Watchers { get; } = new();

    /// <summary>Called when the record was written with another home, which the index knows.</summary>
    public Action HomeChanged { get; set; } = () => { };

    /// <summary>Called after each change.</summary>
    public Action Changed { get; set; } = () => { };

    /// <exception cref="HypemanException"><c>not_found</c></exception>
    public InstanceState Required => cell.Value ?? throw HypemanException.NotFound();

    public InstanceInfo Info =>
        local.IsHome(Required.Home) ? Counted(Required.ToInfo())
        // One whose disk had not arrived there comes home again.
        : Required.MovedFrom is null && nodes.RemovedAt(Required.Home) is { } removedAt ? Required.ToInfoOfRemovedNode(removedAt)
        : Required.ToInfoFromAfar(_awakeSince);

    /// <summary>Takes the name and makes the record.</summary>
    /// <exception cref="HypemanException"><c>name_conflict</c>, <c>insufficient_resources</c></exception>
    public async Task CreateAsync(InstanceState first)
    {
        var book = books.Of(first.Home);
        await book.ReserveAsync(first.Id, InstanceDemand.Of(first));
        try
        {
            await cell.ChangeAsync(_ => first, _ => Task.CompletedTask);
        }
        catch (Exception error)
        {
            book.Release(first.Id);
            if (error is ResourceClaimedException)
                throw new HypemanException(
                    first.Origin is null ? ErrorKind.InvalidRequest : ErrorKind.Conflict, "name_conflict",
                    $"an instance named '{first.Spec.Name}' exists already");
            throw;
        }
    }

    /// <summary>Changes what is there to something that takes more from the node, if there is room.</summary>
    /// <exception cref="HypemanException"><c>insufficient_resources</c></exception>
    public async Task<InstanceState> StartAsync(Func<InstanceState, InstanceState> start)
    {
        var begun = start(Required);
        _ = GuestPrograms.Resolve(begun.Spec, begun.Image);
        var book = books.Of(begun.Home);
        await book.ReserveAsync(begun.Id, InstanceDemand.Of(begun));
        try
        {
            return await ChangeAsync(start);
        }
        catch
        {
            book.Set(begun.Id, InstanceDemand.Of(Required));
            throw;
        }
    }

    /// <summary>Changes what is there. <paramref name="change"/> is pure and may refuse by throwing.</summary>
    public async Task<InstanceState> ChangeAsync(Func<InstanceState, InstanceState> change)
    {
        var home = "";
        var state = await cell.ChangeAsync(present =>
        {
            home = (present ?? throw HypemanException.NotFound()).Home;
            return change(present);
        }, TellAsync);
        if (state!.Home != home)
            HomeChanged();
        return state;
    }

    /// <summary>The last step of a delete: the row and its name go first, so that a crash leaves something to go on from.</summary>
    public async Task RemoveAsync()
    {
        var (id, home) = (Required.Id, Required.Home);
        await index.DeleteAsync(ResourceKind.Instance, id);
        await cell.ChangeAsync(_ => null, _ => Task.CompletedTask);
        health.Forget(id);
        idle.Forget(id);
        if (local.IsHome(home))
            books.Of(home).Release(id);
        WasThere = true;
        Watchers.End();
    }

    /// <summary>Writes into the node's books what is here, and has it watched as it wishes.</summary>
    public void Book()
    {
        if (State is not { } state)
            return;
        if (!local.IsHome(state.Home))
        {
            health.Forget(state.Id);
            idle.Forget(state.Id);
            return;
        }
        books.Of(state.Home).Set(state.Id, InstanceDemand.Of(state));
        health.Follow(state);
        idle.Follow(state);
    }

    /// <summary>Has room promised to what comes to this node, or is here already.</summary>
    /// <exception cref="HypemanException"><c>insufficient_resources</c></exception>
    public Task ReserveAsync() => books.Of(Required.Home).ReserveAsync(Required.Id, InstanceDemand.Of(Required));

    /// <summary>Makes the index, and the node's books when this is its home, agree with the record.</summary>
    public Task RepairAsync()
    {
        var row = Required.ToRow();
        Book();
        return index.RepairAsync(row);
    }

    private InstanceInfo Counted(InstanceInfo info) => health.Find(info.Id) is { } counted ? info with { Health = counted } : info;

    private Task TellAsync(InstanceState? state)
    {
        if (state is null)
            return Task.CompletedTask;
        Book();
        Changed();
        Watchers.Publish(Info);
        return Task.CompletedTask;
    }
}
