using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Hypeman.Contracts.Index;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Hypeman.Tests.Testing.Index;

/// <summary>
/// Grain storage that outlives silos, keeps JSON as the real one does, writes the rows of records with them, refuses
/// stale writes, and fails when told to: before the write, or after it, as a lost answer does.
/// </summary>
public sealed class TestStorage(IResourceIndex index) : IGrainStorage
{
    private readonly ConcurrentDictionary<string, (string Json, int Version)> _rows = new();
    private readonly Lock _gate = new();
    private int _failBefore;
    private int _failAfter;

    public int Writes { get; private set; }

    /// <summary>The next write fails and does nothing.</summary>
    public void FailBeforeNextWrite() => _failBefore++;

    /// <summary>The next write is done, and its answer lost.</summary>
    public void FailAfterNextWrite() => _failAfter++;

    public string? Json(string stateName, GrainId grain) =>
        _rows.TryGetValue(Key(stateName, grain), out var row) ? row.Json : null;

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (_rows.TryGetValue(Key(stateName, grainId), out var row))
        {
            grainState.State = JsonSerializer.Deserialize<T>(row.Json)!;
            (grainState.RecordExists, grainState.ETag) = (true, row.Version.ToString(CultureInfo.InvariantCulture));
        }
        else
        {
            (grainState.RecordExists, grainState.ETag, grainState.State) = (false, null, Activator.CreateInstance<T>());
        }
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        lock (_gate)
        {
            Fail(ref _failBefore);
            var version = Check(stateName, grainId, grainState.ETag) + 1;
            if (grainState.State is IIndexedRecord { Entry: { } entry })
                Index(entry, isNew: version == 1);
            _rows[Key(stateName, grainId)] = (JsonSerializer.Serialize(grainState.State), version);
            Writes++;
            Fail(ref _failAfter);
            (grainState.RecordExists, grainState.ETag) = (true, version.ToString(CultureInfo.InvariantCulture));
        }
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        lock (_gate)
        {
            Fail(ref _failBefore);
            Check(stateName, grainId, grainState.ETag);
            _rows.TryRemove(Key(stateName, grainId), out _);
            Fail(ref _failAfter);
            (grainState.RecordExists, grainState.ETag) = (false, null);
        }
        return Task.CompletedTask;
    }

    // The index of the tests does all at once.
    private void Index(IndexEntry entry, bool isNew) =>
        (isNew ? index.InsertAsync(entry.Row, entry.Claims) : index.UpdateAsync(entry.Row)).GetAwaiter().GetResult();

    private int Check(string stateName, GrainId grain, string? etag)
    {
        var present = _rows.TryGetValue(Key(stateName, grain), out var row) ? row.Version : 0;
        var known = etag is null ? 0 : int.Parse(etag, CultureInfo.InvariantCulture);
        return present == known
            ? present
            : throw new InconsistentStateException($"{grain} was stored as {present}, not as {known}");
    }

    private static void Fail(ref int planned)
    {
        if (planned == 0)
            return;
        planned--;
        throw new IOException("The test storage was made to fail.");
    }

    private static string Key(string stateName, GrainId grain) => $"{grain}/{stateName}";
}
