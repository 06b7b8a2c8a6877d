using Hypeman.Contracts.Images;
using Hypeman.Contracts.Index;
using Hypeman.Grains.Records;

namespace Hypeman.Grains.Images;

/// <summary>The stored record of an image name: what it points at, and how far that has come on its home node.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.image-state")]
internal sealed record ImageState : IVersioned<ImageState>, IIndexedRecord
{
    public const int CurrentSchema = 1;

    [Id(0)] public int SchemaVersion { get; init; } = CurrentSchema;
    [Id(1)] public required ImageInfo Info { get; init; }
    [Id(2)] public required string Home { get; init; }
    [Id(3)] public required long Version { get; init; }

    /// <summary>It was pushed to this fleet: there is no other registry to ask what the name means.</summary>
    [Id(4)] public bool Pushed { get; init; }

    IndexEntry? IIndexedRecord.Entry => new(this.ToRow(), [Info.Name]);

    public ImageState Upgraded() => SchemaVersion switch
    {
        CurrentSchema => this,
        _ => throw new InvalidOperationException(
            $"Image {Info.Name} is stored in shape {SchemaVersion}; this version of the fleet reads up to {CurrentSchema}."),
    };
}
