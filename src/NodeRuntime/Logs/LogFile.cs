namespace Hypeman.NodeRuntime.Logs;

/// <summary>Reads a log that another process writes.</summary>
public static class LogFile
{
    /// <summary>
    /// The last lines, oldest first, and with <paramref name="follow"/> then each new one, in batches. Survives the
    /// rotation of the file. A line that is too long comes in pieces; bytes that are no UTF-8 come as U+FFFD.
    /// </summary>
    /// <exception cref="Errors.NodeException">NotFound: there is no such log (yet).</exception>
    public static IAsyncEnumerable<IReadOnlyList<string>> ReadAsync(
        string path, int tail, bool follow, CancellationToken cancellationToken) => throw new NotSupportedException();
}
