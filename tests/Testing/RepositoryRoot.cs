namespace Hypeman.Tests.Testing;

/// <summary>The repository that the running tests were built from.</summary>
public static class RepositoryRoot
{
    public static string Path { get; } = Find();

    public static string PathOf(string name) => System.IO.Path.Combine(Path, name);

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(System.IO.Path.Combine(folder, "Hypeman.sln")))
            folder = System.IO.Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Hypeman.sln is in no parent folder.");
        return folder;
    }
}
