using System.Net;

namespace Hypeman.NodeRuntime.Networks;

/// <summary>A TCP connection to a VM.</summary>
/// <param name="Source">Where it comes from as the node sees it: of all that the node makes for others, its own address.</param>
/// <param name="Port">Of the VM.</param>
/// <param name="IsOpen">It is being made, is there, or was ended by one side only.</param>
/// <param name="SeenAt">When it was last seen open; of one that was over when it was first seen, when that was.</param>
public readonly record struct VmFlow(IPAddress Source, int Port, bool IsOpen, DateTimeOffset SeenAt);
