using Hypeman.Tests.Testing.Index;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Hypeman.Tests.Grains.Clusters;

/// <summary>Whether a silo's process lives. In tests a killed silo's tasks run on; they must not be able to write.</summary>
public sealed class SiloLife
{
    public bool IsOver { get; private set; }

    public void End() => IsOver = true;
}

/// <summary>The storage as one silo reaches it, for as long as it lives.</summary>
public sealed class MortalStorage(TestStorage storage, SiloLife life) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        Alive().ReadStateAsync(stateName, grainId, grainState);

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        Alive().WriteStateAsync(stateName, grainId, grainState);

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        Alive().ClearStateAsync(stateName, grainId, grainState);

    private TestStorage Alive() => life.IsOver ? throw new IOException("This silo was killed.") : storage;
}
