using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Silo.Configuration;

/// <summary>A secret that a process without a cluster identity makes once and keeps in its data directory, for its owner alone.</summary>
internal static class KeptSecret
{
    /// <param name="options">Whose data directory.</param>
    /// <param name="fileName">In there.</param>
    /// <param name="what">For people: <c>the key for API tokens</c>.</param>
    /// <param name="make">A new one.</param>
    /// <exception cref="StartupException">It cannot be read or written.</exception>
    public static string Ensure(HypemanOptions options, string fileName, string what, Func<string> make)
    {
        var file = Path.Combine(options.DataDirectory, fileName);
        try
        {
            if (!File.Exists(file))
            {
                Directory.CreateDirectory(options.DataDirectory, FileModes.PrivateFolder);
                // Of two that make it at once, both use the first.
                AtomicFile.TryCreate(file, make());
            }
            return File.ReadAllText(file).Trim() is { Length: > 0 } secret
                ? secret
                : throw new StartupException($"{file} is empty; remove it to have {what} made anew (what depends on the old one ends)");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{what} cannot be kept in {file}: {e.Message}", e);
        }
    }
}
