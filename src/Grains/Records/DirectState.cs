using System.Data.Common;
using Hypeman.Contracts.Errors;
using Orleans.Storage;

namespace Hypeman.Grains.Records;

/// <summary>
/// A grain's record, straight from the storage. Orleans' own way wraps whatever a write answers and logs it as a failure
/// of the storage, also that a name is taken; and it reads before each activation, also of what is just being made.
/// </summary>
internal sealed class DirectState<T>(IGrainStorage storage, string name, GrainId grain) : IPersistentState<T>
    where T : class, new()
{
    private readonly GrainState<T> _state = new(new T());

    public T State
    {
        get => _state.State ??= new T();
        set => _state.State = value;
    }

    public string Etag => _state.ETag!;

    public bool RecordExists => _state.RecordExists;

    /// <exception cref="HypemanException"><c>unavailable</c>: the database cannot be reached.</exception>
    public async Task ReadStateAsync()
    {
        try
        {
            await storage.ReadStateAsync(name, grain, _state);
        }
        catch (DbException error)
        {
            throw Errors.Errors.OfDatabase(error);
        }
    }

    public Task WriteStateAsync() => storage.WriteStateAsync(name, grain, _state);

    public Task ClearStateAsync() => storage.ClearStateAsync(name, grain, _state);
}
