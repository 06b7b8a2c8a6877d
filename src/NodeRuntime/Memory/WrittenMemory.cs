namespace Hypeman.NodeRuntime.Memory;

/// <summary>Memory that is in files, though perhaps not on the disk yet.</summary>
internal sealed class WrittenMemory(IDisposable file, Action sync) : IDisposable
{
    internal required string Base { get; init; }
    internal required long BaseBytes { get; init; }
    internal FilePart? Changes { get; init; }
    internal required long WrittenBytes { get; init; }

    /// <summary>When it returns, a manifest may name it.</summary>
    internal void Sync() => sync();

    public void Dispose() => file.Dispose();
}
