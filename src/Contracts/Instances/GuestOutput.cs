namespace Hypeman.Contracts.Instances;

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
