namespace Hypeman.Client.Instances;

public sealed record StartInstance(IReadOnlyList<string>? Entrypoint = null, IReadOnlyList<string>? Cmd = null);
