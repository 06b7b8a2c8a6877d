namespace Hypeman.Contracts.Index;

/// <summary>
/// A watcher was cut off for longer than deletions are remembered. It must begin again and drop what it does not see.
/// </summary>
public sealed class ResourceWatchExpiredException()
    : Exception("The watch fell behind further than deletions are remembered; begin a new one.");
