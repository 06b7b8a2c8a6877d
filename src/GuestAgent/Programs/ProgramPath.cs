namespace Hypeman.GuestAgent.Programs;

/// <summary>Where a program may be.</summary>
internal static class ProgramPath
{
    public const string Default = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>Files to try in order. A name with a slash is itself; an empty folder in a path means the working directory.</summary>
    public static IEnumerable<string> Candidates(string name, string? path)
    {
        if (name.Length == 0)
            return [];
        return name.Contains('/')
            ? [name]
            : (path ?? Default).Split(':').Select(folder => folder.Length == 0 ? $"./{name}" : $"{folder}/{name}");
    }
}
