using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Silo.Server;

/// <summary>
/// Which named network namespace a server runs in. It is written down, because what the node put there must be taken
/// away there, also by a command that is given elsewhere.
/// </summary>
internal static class HostNamespace
{
    private const string FileName = "host-namespace";
    private const string Named = "/run/netns";
    private const string Own = "/proc/self/ns/net";

    /// <summary>Writes down that of this process; one without a name is the host's own.</summary>
    /// <param name="dataDirectory">Claimed by this process.</param>
    public static void Record(string dataDirectory)
    {
        var file = Path.Combine(dataDirectory, FileName);
        var own = FileStatus.Of(Own)?.Inode;
        if (Directory.Exists(Named) && Directory.EnumerateFiles(Named).FirstOrDefault(path => FileStatus.Of(path)?.Inode == own) is { } name)
            AtomicFile.Write(file, name + "\n");
        else
            File.Delete(file);
    }

    /// <summary>The file of the namespace that was written down; null for the one we run in, also when it is gone.</summary>
    public static string? Find(string dataDirectory)
    {
        var file = Path.Combine(dataDirectory, FileName);
        return File.Exists(file) && File.ReadAllText(file).Trim() is var name && NetworkNamespace.Exists(name) ? name : null;
    }
}
