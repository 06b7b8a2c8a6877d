namespace Hypeman.Contracts.Instances;

/// <summary>What a session with the guest agent is opened for.</summary>
[GenerateSerializer, Alias("hypeman.guest-request")]
public abstract record GuestRequest;

/// <summary>Run a command in the container root. Zero <c>TimeoutSeconds</c> means none; zero rows or columns 24 x 80.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.guest-exec")]
public sealed record GuestExec : GuestRequest
{
    [Id(0)] public required IReadOnlyList<string> Command { get; init; }
    [Id(1)] public bool Tty { get; init; }
    [Id(2)] public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();
    [Id(3)] public string? Cwd { get; init; }
    [Id(4)] public int TimeoutSeconds { get; init; }
    [Id(5)] public int Rows { get; init; }
    [Id(6)] public int Columns { get; init; }
}

/// <summary>Write one file or make one directory in the guest. Mode, uid and gid zero take the defaults.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.guest-copy-to")]
public sealed record GuestCopyTo : GuestRequest
{
    [Id(0)] public required string Path { get; init; }
    [Id(1)] public bool IsDirectory { get; init; }
    [Id(2)] public uint Mode { get; init; }
    [Id(3)] public uint Uid { get; init; }
    [Id(4)] public uint Gid { get; init; }

    /// <summary>The name of the source; when <c>Path</c> is an existing directory the file lands inside it.</summary>
    [Id(5)] public string? SourceBasename { get; init; }
}

/// <summary>Read one file or a whole tree from the guest.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.guest-copy-from")]
public sealed record GuestCopyFrom : GuestRequest
{
    [Id(0)] public required string Path { get; init; }
    [Id(1)] public bool FollowLinks { get; init; }
}
