namespace Hypeman.Client.Instances;

/// <summary>A wish for a copy of an instance.</summary>
/// <param name="Name">Of the copy.</param>
/// <param name="FromRunning">The source may be running; it then stands still for a moment.</param>
/// <param name="TargetState">Stopped, Standby or Running; that of the source when left out.</param>
public sealed record ForkInstance(string Name, bool FromRunning = false, string? TargetState = null);
