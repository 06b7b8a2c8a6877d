namespace Hypeman.GuestProtocol.Channel;

/// <summary>What a host sends into an open stream.</summary>
public abstract record AgentInput;

public sealed record InputData(byte[] Bytes) : AgentInput;

public sealed record InputEnd : AgentInput;

public sealed record Resized(int Rows, int Columns) : AgentInput;
