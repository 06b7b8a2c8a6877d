using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>A process that is to outlive us.</summary>
public sealed record SpawnRequest
{
    /// <summary>A tool by name or path.</summary>
    public required string Program { get; init; }

    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Added to a path and a neutral locale; nothing of our own environment is passed on.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Standard output and error are appended to this file, which is made 0600 and ours.</summary>
    public required string OutputPath { get; init; }

    /// <summary>Become the descriptors 3, 4, ... of the process, in this order. The caller keeps and closes its own.</summary>
    public IReadOnlyList<SafeFileHandle> Inherited { get; init; } = [];

    /// <summary>Where it runs; null means the namespace of the calling thread.</summary>
    public NetworkNamespace? Network { get; init; }

    /// <summary>Without it the process keeps all our rights.</summary>
    public ProcessUser? User { get; init; }

    public string WorkingDirectory { get; init; } = "/";
}

/// <summary>
/// Whom a process becomes before its first instruction: these ids, no capability, and no way to gain any.
/// <paramref name="Groups"/> are all its supplementary groups, for example that of /dev/kvm.
/// </summary>
public sealed record ProcessUser(uint Uid, uint Gid, IReadOnlyList<uint>? Groups = null);
