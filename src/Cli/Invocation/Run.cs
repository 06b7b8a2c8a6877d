using System.CommandLine;
using Hypeman.Cli.Output;
using Hypeman.Cli.Settings;
using Hypeman.Client;

namespace Hypeman.Cli.Invocation;

/// <summary>One run of one verb: what was asked, the fleet to ask, and where answers go.</summary>
internal sealed class Run(CliHost host, ParseResult asked) : IDisposable
{
    private HypemanClient? _client;

    public CliHost Host { get; } = host;
    public bool Json { get; } = asked.GetValue(GlobalOptions.Json);
    public Printer Print { get; } = new(host, asked.GetValue(GlobalOptions.Json));

    /// <summary>The fleet; settings are read when it is first needed.</summary>
    public HypemanClient Fleet => _client ??= ClientSettings
        .Read(Host, asked.GetValue(GlobalOptions.BaseUrl), asked.GetValue(GlobalOptions.ApiKey))
        .Connect();

    public T Value<T>(Argument<T> argument) => asked.GetValue(argument)!;

    public T? Value<T>(Option<T> option) => asked.GetValue(option);

    public void Dispose() => _client?.Dispose();
}

internal static class CommandRuns
{
    /// <summary>Gives a command its action; what it throws becomes the failure of the run.</summary>
    public static Command Does(this Command command, CliHost host, Func<Run, CancellationToken, Task<int>> action)
    {
        command.SetAction(async (asked, cancellationToken) =>
        {
            using var run = new Run(host, asked);
            return await action(run, cancellationToken);
        });
        return command;
    }

    public static Command Does(this Command command, CliHost host, Func<Run, CancellationToken, Task> action) =>
        command.Does(host, async (run, cancellationToken) =>
        {
            await action(run, cancellationToken);
            return ExitCode.Done;
        });
}
