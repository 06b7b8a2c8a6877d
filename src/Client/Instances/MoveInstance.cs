namespace Hypeman.Client.Instances;

/// <summary>A wish that an instance lives on another node.</summary>
/// <param name="Node">Id or host name; the best other one when left out.</param>
/// <param name="Running">What is done with one that runs: suspend or restart.</param>
public sealed record MoveInstance(string? Node = null, string Running = "suspend");
