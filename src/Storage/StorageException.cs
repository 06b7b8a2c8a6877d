namespace Hypeman.Storage;

/// <summary>The database cannot be used as it is. The message says why and what to do, for the person at the terminal.</summary>
public sealed class StorageException(string message, Exception? cause = null) : Exception(message, cause);
