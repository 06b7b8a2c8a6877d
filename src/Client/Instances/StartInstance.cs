namespace Hypeman.Client.Instances;

/// <summary>A start with another program; null keeps what the instance or its image says.</summary>
public sealed record StartInstance(IReadOnlyList<string>? Entrypoint = null, IReadOnlyList<string>? Cmd = null);
