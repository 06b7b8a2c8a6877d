namespace Hypeman.Demo.Steps;

/// <summary>A line for each step as it ends, for logs and pipes.</summary>
internal sealed class LineReport(TextWriter output) : StepReport
{
    public override async Task<bool> ShowAsync(IReadOnlyList<string> steps, string next, Func<IStepProgress, Task<bool>> work)
    {
        var succeeded = await work(new Lines(output, steps.Max(step => step.Length)));
        if (succeeded)
            await output.WriteLineAsync(next);
        return succeeded;
    }

    private sealed class Lines(TextWriter output, int width) : IStepProgress
    {
        public void Started(string step)
        {
        }

        public void Said(string step, string text)
        {
        }

        public void Ended(StepResult result) => output.WriteLine(
            $"{(result.Succeeded ? "ok  " : "FAIL")}  {result.Name.PadRight(width)}  {Seconds(result.Time),8}  {result.Outcome}");
    }
}
