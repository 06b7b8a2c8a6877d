using System.Reflection;

namespace Hypeman.Storage;

/// <summary>The SQL files that are built into this assembly.</summary>
internal static class Embedded
{
    private static readonly Assembly Assembly = typeof(Embedded).Assembly;

    /// <summary>Paths below <paramref name="folder"/>, in order.</summary>
    public static IReadOnlyList<string> List(string folder) =>
        [.. Assembly.GetManifestResourceNames().Where(n => n.StartsWith(folder + "/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    public static string Read(string path)
    {
        using Stream stream = Assembly.GetManifestResourceStream(path)
            ?? throw new InvalidOperationException($"{path} is not built into {Assembly.GetName().Name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
