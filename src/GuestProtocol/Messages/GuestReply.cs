using System.Text.Json.Serialization;

namespace Hypeman.GuestProtocol.Messages;

/// <summary>What the agent sends back on a stream. Data has frames of its own and is never JSON.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(EntryReply), "entry")]
[JsonDerivedType(typeof(EntryEndReply), "entry_end")]
[JsonDerivedType(typeof(ExitReply), "exit")]
[JsonDerivedType(typeof(WrittenReply), "written")]
[JsonDerivedType(typeof(FailedReply), "failed")]
[JsonDerivedType(typeof(StatReply), "stat")]
[JsonDerivedType(typeof(DoneReply), "done")]
public abstract record GuestReply
{
    /// <summary>Nothing follows on the stream.</summary>
    [JsonIgnore]
    public bool IsFinal => this is not (DataReply or EntryReply or EntryEndReply { Final: false });
}

/// <summary>Output of a command or content of a file.</summary>
public sealed record DataReply(ReadOnlyMemory<byte> Bytes, bool IsError) : GuestReply;

/// <summary>One entry of a copy begins; a regular file's content follows as data.</summary>
public sealed record EntryReply : GuestReply
{
    public required string Path { get; init; }
    public uint Mode { get; init; }
    public bool IsDirectory { get; init; }
    public bool IsSymlink { get; init; }
    public string? LinkTarget { get; init; }
    public long Size { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public long ModifiedAt { get; init; }

    public uint Uid { get; init; }
    public uint Gid { get; init; }
}

public sealed record EntryEndReply(bool Final) : GuestReply;

/// <summary>Ends an exec: exit code, 128 + signal, or 124 after the timeout.</summary>
public sealed record ExitReply(int ExitCode) : GuestReply;

/// <summary>Ends a copy to the guest.</summary>
public sealed record WrittenReply(long Bytes) : GuestReply;

/// <summary>Ends a stream that failed.</summary>
public sealed record FailedReply(string Message, string? Path) : GuestReply;

/// <summary>Ends a stat.</summary>
public sealed record StatReply : GuestReply
{
    public required bool Exists { get; init; }
    public bool IsDirectory { get; init; }
    public bool IsFile { get; init; }
    public bool IsSymlink { get; init; }
    public string? LinkTarget { get; init; }
    public uint Mode { get; init; }
    public long Size { get; init; }
    public string? Error { get; init; }
}

/// <summary>Ends a request that has nothing to tell.</summary>
public sealed record DoneReply : GuestReply;
