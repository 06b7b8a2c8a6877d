using Spectre.Console;

namespace Hypeman.Demo.Steps;

/// <summary>Hears how steps go, from one at a time.</summary>
internal interface IStepProgress
{
    void Started(string step);

    void Said(string step, string text);

    void Ended(StepResult result);
}

/// <summary>How the demo talks: a living table at a terminal, lines elsewhere, JSON for scripts.</summary>
internal abstract class StepReport
{
    /// <summary>Runs the work, showing its steps; then, if all went well, what to type next.</summary>
    public abstract Task<bool> ShowAsync(IReadOnlyList<string> steps, string next, Func<IStepProgress, Task<bool>> work);

    public static StepReport Choose(bool json) => json
        ? new JsonReport(Console.Out)
        : Console.IsOutputRedirected ? new LineReport(Console.Out) : new TableReport(AnsiConsole.Console);

    protected static string Seconds(TimeSpan time) =>
        time.TotalSeconds.ToString("0.00", System.Globalization.CultureInfo.InvariantCulture) + " s";
}
