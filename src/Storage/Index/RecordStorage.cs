using System.Globalization;
using Hypeman.Contracts.Index;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Hypeman.Storage.Index;

/// <summary>
/// Orleans' provider of grain state, but for one thing: a record that has a row in the index is written together with
/// it, and with whatever else this process writes at the moment. Tables, keys and contents are the provider's.
/// </summary>
/// <param name="provider">Orleans' own.</param>
/// <param name="writer">Of the index.</param>
/// <param name="signal">Of the index.</param>
/// <param name="serializer">The one that the provider has.</param>
/// <param name="service">Orleans' service id.</param>
internal sealed class RecordStorage(
    IGrainStorage provider, IResourceWriter writer, ChangeSignal signal, IGrainStorageSerializer serializer, string service)
    : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        provider.ReadStateAsync(stateName, grainId, grainState);

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        provider.ClearStateAsync(stateName, grainId, grainState);

    /// <exception cref="ResourceClaimedException">Another resource holds a claim; nothing was written.</exception>
    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        grainState.State is IIndexedRecord { Entry: { } entry }
            ? WriteAsync(entry, stateName, grainId, grainState)
            : provider.WriteStateAsync(stateName, grainId, grainState);

    public void Participate(ISiloLifecycle observer) => (provider as ILifecycleParticipant<ISiloLifecycle>)?.Participate(observer);

    private async Task WriteAsync<T>(IndexEntry entry, string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var read = grainState.ETag is { } version ? int.Parse(version, CultureInfo.InvariantCulture) : 0;
        var payload = serializer.Serialize(grainState.State).ToArray();
        var record = new GrainRecord(service, stateName, grainId.Key.ToString()!, payload, read);
        var written = grainState.RecordExists
            ? await writer.UpdateAsync(entry.Row, record)
            : await writer.InsertAsync(entry.Row, entry.Claims, record);
        if (!written)
            throw new InconsistentStateException($"{stateName} of {grainId} is not stored as version {read} any more");
        signal.Raise(entry.Row.Kind);
        (grainState.RecordExists, grainState.ETag) = (true, (read + 1).ToString(CultureInfo.InvariantCulture));
    }
}
