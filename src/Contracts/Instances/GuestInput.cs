namespace Hypeman.Contracts.Instances;

/// <summary>What a caller sends into an open session.</summary>
[GenerateSerializer, Alias("hypeman.guest-input")]
public abstract record GuestInput;

/// <summary>Stdin of a command, or content of the file being written; at most 32 KiB.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.guest-input-data")]
public sealed record GuestInputData([property: Id(0)] ReadOnlyMemory<byte> Bytes) : GuestInput;

/// <summary>No more input: end of stdin, or the file is complete.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.guest-input-end")]
public sealed record GuestInputEnd : GuestInput;

/// <summary>The terminal of a command has another size now, in characters.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.guest-resize")]
public sealed record GuestResize([property: Id(0)] int Rows, [property: Id(1)] int Columns) : GuestInput;
