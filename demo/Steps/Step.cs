namespace Hypeman.Demo.Steps;

/// <summary>One thing that the demo does.</summary>
/// <param name="Action">Does it and returns one line on what came of it; may say meanwhile how far it is.</param>
internal sealed record Step(string Name, Func<Action<string>, CancellationToken, Task<string>> Action);

/// <summary>How a step went.</summary>
internal sealed record StepResult(string Name, TimeSpan Time, string Outcome, bool Succeeded);
