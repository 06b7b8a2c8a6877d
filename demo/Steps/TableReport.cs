using Spectre.Console;

namespace Hypeman.Demo.Steps;

/// <summary>A table of all steps that fills while they run.</summary>
internal sealed class TableReport(IAnsiConsole console) : StepReport
{
    public override async Task<bool> ShowAsync(IReadOnlyList<string> steps, string next, Func<IStepProgress, Task<bool>> work)
    {
        var table = new Table().RoundedBorder().AddColumn("Step").AddColumn(new TableColumn("Time").RightAligned()).AddColumn("What came of it");
        foreach (var step in steps)
            table.AddRow(new Markup($"[grey]{Markup.Escape(step)}[/]"), new Text(""), new Text(""));
        var succeeded = false;
        await console.Live(table).StartAsync(async live => succeeded = await work(new Filling(table, steps, live)));
        if (succeeded)
            console.WriteLine(next);
        return succeeded;
    }

    private sealed class Filling(Table table, IReadOnlyList<string> steps, LiveDisplayContext live) : IStepProgress
    {
        public void Started(string step) => Update(step, "yellow", "", "");

        public void Said(string step, string text) => Update(step, "yellow", "", text);

        public void Ended(StepResult result) =>
            Update(result.Name, result.Succeeded ? "green" : "red", Seconds(result.Time), result.Outcome);

        private void Update(string step, string color, string time, string text)
        {
            var row = steps.ToList().IndexOf(step);
            table.UpdateCell(row, 0, new Markup($"[{color}]{Markup.Escape(step)}[/]"));
            table.UpdateCell(row, 1, new Text(time));
            table.UpdateCell(row, 2, new Text(text));
            live.Refresh();
        }
    }
}
