using System.CommandLine;
using System.CommandLine.Parsing;
using Hypeman.Client;
using Hypeman.Demo;
using Hypeman.Demo.Steps;

var ingress = new Option<Uri>("--ingress-url")
{
    Description = "Where the fleet takes in HTTP traffic",
    CustomParser = result => Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var url) ? url : Refuse(result),
    DefaultValueFactory = _ => new Uri("http://127.0.0.1:80"),
};
var json = new Option<bool>("--json") { Description = "Print the steps and their times as JSON" };
var root = new RootCommand("Takes a web server image through a running fleet: push, run, exec, log, publish, fetch.") { ingress, json };
root.SetAction(async (asked, cancellationToken) =>
{
    if (!Uri.TryCreate(Environment.GetEnvironmentVariable("HYPEMAN_BASE_URL"), UriKind.Absolute, out var api))
    {
        await Console.Error.WriteLineAsync("hypeman-demo: HYPEMAN_BASE_URL is not set. './dev demo' starts a fleet and sets it.");
        return 2;
    }
    using var fleet = new HypemanClient(api, Environment.GetEnvironmentVariable("HYPEMAN_API_KEY"));
    var report = StepReport.Choose(asked.GetValue(json));
    return await new WebServerDemo(fleet, asked.GetRequiredValue(ingress)).RunAsync(report, cancellationToken);
});
// Long enough to clean up after Ctrl-C.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });

static Uri? Refuse(ArgumentResult result)
{
    result.AddError($"'{result.Tokens[0].Value}' is no URL; say it like http://127.0.0.1:80");
    return null;
}
