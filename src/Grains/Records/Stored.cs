using Hypeman.Contracts.Index;

namespace Hypeman.Grains.Records;

/// <summary>The row of a grain in the grain storage. No value: the thing does not exist.</summary>
[GenerateSerializer, Alias("hypeman.stored`1")]
internal sealed class Stored<T> : IIndexedRecord
    where T : class
{
    [Id(0)] public T? Value { get; set; }

    IndexEntry? IIndexedRecord.Entry => (Value as IIndexedRecord)?.Entry;
}

/// <summary>A stored record that names the version of its shape, and can read the older ones.</summary>
internal interface IVersioned<T>
{
    /// <summary>The record in today's shape.</summary>
    /// <exception cref="InvalidOperationException">It was written by a later version of the fleet.</exception>
    T Upgraded();
}
