using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hypeman.Demo.Steps;

/// <summary>One JSON object at the end: the steps with milliseconds, and whether all went well.</summary>
internal sealed class JsonReport(TextWriter output) : StepReport
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public override async Task<bool> ShowAsync(IReadOnlyList<string> steps, string next, Func<IStepProgress, Task<bool>> work)
    {
        var results = new Results();
        var succeeded = await work(results);
        var report = new JsonObject { ["succeeded"] = succeeded, ["steps"] = results.Steps };
        await output.WriteLineAsync(report.ToJsonString(Readable));
        return succeeded;
    }

    private sealed class Results : IStepProgress
    {
        public JsonArray Steps { get; } = [];

        public void Started(string step)
        {
        }

        public void Said(string step, string text)
        {
        }

        public void Ended(StepResult result) => Steps.Add(new JsonObject
        {
            ["step"] = result.Name,
            ["ms"] = Math.Round(result.Time.TotalMilliseconds),
            ["succeeded"] = result.Succeeded,
            ["outcome"] = result.Outcome,
        });
    }
}
