namespace Hypeman.Client.Snapshots;

/// <summary>How saved memory is compressed.</summary>
/// <param name="Enabled">False: it stays as it is.</param>
/// <param name="Algorithm"><c>zstd</c> or <c>lz4</c>; zstd when left out.</param>
/// <param name="Level">Of the algorithm; its default when left out.</param>
public sealed record Compression(bool Enabled, string? Algorithm = null, int? Level = null);
