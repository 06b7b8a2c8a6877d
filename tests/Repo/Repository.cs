using Hypeman.Tests.Testing;

namespace Hypeman.Tests.Repo;

/// <summary>The sources of this repository, as the tests read them.</summary>
internal static class Repository
{
    public static string Root => RepositoryRoot.Path;

    /// <summary>Paths relative to the root, with forward slashes, without what builds leave behind.</summary>
    public static IReadOnlyList<string> Files(string folder, string pattern) =>
        !Directory.Exists(Path.Combine(Root, folder))
            ? []
            : Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
                .Where(path => !path.Split('/').Any(part => part is "bin" or "obj" or "node_modules"))
                .Order(StringComparer.Ordinal)
                .ToList();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public static string[] ReadLines(string path) => File.ReadAllLines(Path.Combine(Root, path));

    public static IReadOnlyList<string> Sources { get; } =
        [.. Files("src", "*.cs"), .. Files("tests", "*.cs"), .. Files("bench", "*.cs"), .. Files("demo", "*.cs")];
}
