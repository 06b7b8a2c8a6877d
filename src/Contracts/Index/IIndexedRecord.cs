namespace Hypeman.Contracts.Index;

/// <summary>
/// What is stored of a grain that has a row in the index. The storage of grains writes the record and its row at once,
/// both or neither.
/// </summary>
public interface IIndexedRecord
{
    /// <summary>Null where there is no row.</summary>
    IndexEntry? Entry { get; }
}

/// <summary>The row that goes with a record.</summary>
/// <param name="Row">As the record now makes it.</param>
/// <param name="Claims">What only this resource may hold; taken with the first write.</param>
public sealed record IndexEntry(ResourceRow Row, IReadOnlyList<string> Claims);
