using System.Text.Json.Serialization;

namespace Hypeman.GuestProtocol.Messages;

/// <summary>Opens a stream of the guest channel.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ExecRequest), "exec")]
[JsonDerivedType(typeof(CopyToRequest), "copy_to")]
[JsonDerivedType(typeof(CopyFromRequest), "copy_from")]
[JsonDerivedType(typeof(StatRequest), "stat")]
[JsonDerivedType(typeof(ShutdownRequest), "shutdown")]
[JsonDerivedType(typeof(WakeRequest), "wake")]
public abstract record GuestRequest;

/// <summary>Run a command in the container root. Zero timeout means none; zero rows or columns mean 24 x 80.</summary>
public sealed record ExecRequest : GuestRequest
{
    public required IReadOnlyList<string> Command { get; init; }
    public bool Tty { get; init; }
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();
    public string? Cwd { get; init; }
    public int TimeoutSeconds { get; init; }
    public int Rows { get; init; }
    public int Columns { get; init; }
}

/// <summary>Write one file or make one directory. Mode zero is 0644 for files, 0755 for directories; uid, gid zero root.</summary>
public sealed record CopyToRequest : GuestRequest
{
    public required string Path { get; init; }
    public bool IsDirectory { get; init; }
    public uint Mode { get; init; }
    public uint Uid { get; init; }
    public uint Gid { get; init; }

    /// <summary>When <c>Path</c> is an existing directory the file lands inside it under this name.</summary>
    public string? SourceBasename { get; init; }
}

/// <summary>Read one file or a whole tree.</summary>
public sealed record CopyFromRequest : GuestRequest
{
    public required string Path { get; init; }
    public bool FollowLinks { get; init; }
}

public sealed record StatRequest : GuestRequest
{
    public required string Path { get; init; }
    public bool FollowLinks { get; init; }
}

/// <summary>Ask the program to end (its stop signal), then power off; the agent answers at once.</summary>
public sealed record ShutdownRequest : GuestRequest
{
    /// <summary>How long the program may take to end before all is killed; zero means 5 seconds.</summary>
    public int TimeoutSeconds { get; init; }
}

/// <summary>
/// The machine stood still, perhaps for long, and another may go on from the same memory: set the clock, make the random
/// numbers that follow this machine's own, and be who it is to be.
/// </summary>
public sealed record WakeRequest : GuestRequest
{
    /// <summary>Nanoseconds since 1970.</summary>
    public required long WallClock { get; init; }

    /// <summary>Secret, and never used twice.</summary>
    public required byte[] EntropySeed { get; init; }

    /// <summary>What is so already is left as it is. Null: whoever it was.</summary>
    public GuestIdentity? Identity { get; init; }
}
