using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace Hypeman.Grains.Records;

/// <summary>
/// The durable record of a grain. Changes are made one at a time and are seen only after they were written. A write
/// that failed may or may not have happened: the cell then refuses all further changes and has the grain deactivated,
/// so that the next activation reads what is true.
/// </summary>
internal sealed class StateCell<T>(IPersistentState<Stored<T>> storage, Action<string> deactivate, ILogger logger)
    where T : class, IVersioned<T>
{
    private Task _last = Task.CompletedTask;
    private bool _closed;

    /// <summary>What is stored; null when there is nothing.</summary>
    public T? Value { get; private set; }

    /// <summary>Another activation has written meanwhile: this one is of no use any more.</summary>
    public bool IsBehind { get; private set; }

    /// <summary>Takes over what Orleans has read before the activation.</summary>
    public void Load() => Value = storage.State?.Value?.Upgraded();

    /// <summary>The activation ends: what still runs on its behalf writes no more.</summary>
    public void Close() => _closed = true;

    /// <summary>
    /// Writes what <paramref name="change"/> makes of the present value, then lets <paramref name="written"/> tell
    /// others, before the next change. A change to the same object writes nothing; one to null clears the record.
    /// </summary>
    public async Task<T?> ChangeAsync(Func<T?, T?> change, Func<T?, Task> written)
    {
        // Taken before anything is done: what a change or its telling sets off may want a turn as well.
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        (var before, _last) = (_last, turn.Task);
        try
        {
            await before;
            return await ChangeAsync(change(Value), written);
        }
        finally
        {
            turn.SetResult();
        }
    }

    private async Task<T?> ChangeAsync(T? next, Func<T?, Task> written)
    {
        if (ReferenceEquals(next, Value))
            return next;
        await WriteAsync(next);
        Value = next;
        await written(next);
        return next;
    }

    private async Task WriteAsync(T? next)
    {
        if (_closed)
            throw Unwritten();
        storage.State = new Stored<T> { Value = next };
        try
        {
            await (next is null ? storage.ClearStateAsync() : storage.WriteStateAsync());
        }
        catch (ResourceClaimedException)
        {
            throw; // Refused: for certain nothing was written.
        }
        catch (Exception error)
        {
            _closed = true;
            IsBehind = error is InconsistentStateException;
            logger.LogWarning(error, "A record could not be written; the grain starts over from what is stored");
            deactivate("a write of its record failed");
            throw Unwritten();
        }
    }

    private static HypemanException Unwritten() =>
        new(ErrorKind.Unavailable, "unavailable", "the change could not be recorded, please try again shortly");
}
