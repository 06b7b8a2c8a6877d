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

/// <summary>What a caller sends into an open session.</summary>
[GenerateSerializer, Alias("hypeman.guest-input")]
public abstract record GuestInput;

/// <summary>Stdin of a command, or content of the file being written; at most 32 KiB.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.guest-input-data")]
public sealed record GuestInputData([property: Id(0)] ReadOnlyMemory<byte> Bytes) : GuestInput;

/// <summary>No more input: end of stdin, or the file is complete.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.guest-input-end")]
public sealed record GuestInputEnd : GuestInput;

[GenerateSerializer, Immutable, Alias("hypeman.guest-resize")]
public sealed record GuestResize([property: Id(0)] int Rows, [property: Id(1)] int Columns) : GuestInput;

/// <summary>What comes back from a session.</summary>
[GenerateSerializer, Alias("hypeman.guest-output")]
public abstract record GuestOutput;

/// <summary>The session is open: input may be sent.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.guest-opened")]
public sealed record GuestOpened : GuestOutput;

/// <summary>Output of the command or content of the file being read; at most 32 KiB.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.guest-output-data")]
public sealed record GuestOutputData([property: Id(0)] ReadOnlyMemory<byte> Bytes, [property: Id(1)] bool IsError) : GuestOutput;

/// <summary>One entry of a copy from the guest begins; the content of a regular file follows as data.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.guest-entry")]
public sealed record GuestEntry : GuestOutput
{
    /// <summary>Relative to the root of the copy; the base name when a single file is copied.</summary>
    [Id(0)] public required string Path { get; init; }

    [Id(1)] public uint Mode { get; init; }
    [Id(2)] public bool IsDirectory { get; init; }
    [Id(3)] public bool IsSymlink { get; init; }
    [Id(4)] public string? LinkTarget { get; init; }
    [Id(5)] public long Size { get; init; }

    /// <summary>Seconds since 1970.</summary>
    [Id(6)] public long ModifiedAt { get; init; }

    [Id(7)] public uint Uid { get; init; }
    [Id(8)] public uint Gid { get; init; }
}

/// <summary>The entry is complete; <c>Final</c> ends the copy.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.guest-entry-end")]
public sealed record GuestEntryEnd([property: Id(0)] bool Final) : GuestOutput;

/// <summary>Last message of an exec: the exit code, 128 + signal after a signal, 124 after the timeout.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.guest-exited")]
public sealed record GuestExited([property: Id(0)] int ExitCode) : GuestOutput;

/// <summary>Last message of a copy to the guest.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.guest-written")]
public sealed record GuestWritten([property: Id(0)] long Bytes) : GuestOutput;

/// <summary>Last message of a session that failed, with a reason for the user.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.guest-failed")]
public sealed record GuestFailed([property: Id(0)] string Message, [property: Id(1)] string? Path) : GuestOutput;

/// <summary>What is at a path in the guest.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.guest-path")]
public sealed record GuestPathInfo
{
    [Id(0)] public required bool Exists { get; init; }
    [Id(1)] public bool IsDirectory { get; init; }
    [Id(2)] public bool IsFile { get; init; }
    [Id(3)] public bool IsSymlink { get; init; }
    [Id(4)] public string? LinkTarget { get; init; }
    [Id(5)] public uint Mode { get; init; }
    [Id(6)] public long Size { get; init; }
    [Id(7)] public string? Error { get; init; }
}
