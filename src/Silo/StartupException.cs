namespace Hypeman.Silo;

/// <summary>This process cannot start as it was asked to. The message says why and what to do.</summary>
internal sealed class StartupException(string message, Exception? cause = null) : Exception(message, cause);
