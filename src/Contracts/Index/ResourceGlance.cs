namespace Hypeman.Contracts.Index;

/// <summary>Of a row only what tells whether there is something new about it.</summary>
public readonly record struct ResourceGlance(string Id, string State, long Version);
