using System.CommandLine;
using System.CommandLine.Invocation;
using Hypeman.Cli.Certificates;
using Hypeman.Cli.Images;
using Hypeman.Cli.Ingresses;
using Hypeman.Cli.Instances;
using Hypeman.Cli.Invocation;
using Hypeman.Cli.Nodes;
using Hypeman.Cli.Settings;
using Hypeman.Cli.Snapshots;
using Hypeman.Cli.Tokens;

namespace Hypeman.Cli;

/// <summary>The <c>hypeman</c> command: its verbs, and how a run of it ends.</summary>
internal static class HypemanCommand
{
    private const string About = """
        Runs container images as virtual machines on a Hypeman fleet.

        Which fleet: HYPEMAN_BASE_URL and HYPEMAN_API_KEY, or base_url and api_key in ~/.config/hypeman/cli.yaml.

        Exit codes: 0 done; 1 refused or failed; 2 wrong usage; 3 no server answers; 4 not found; 5 not allowed;
        124 a wait timed out; 130 interrupted. 'exec' ends with the exit code of the command it ran.
        """;

    public static RootCommand Build(CliHost host)
    {
        var root = new RootCommand(About) { GlobalOptions.Json, GlobalOptions.BaseUrl, GlobalOptions.ApiKey };
        foreach (var command in InstanceCommands.TopLevel(host))
            root.Add(command);
        root.Add(InstanceCommands.Group(host));
        root.Add(AutoStandbyCommands.Group(host));
        root.Add(SnapshotCommands.Group(host));
        root.Add(ImageCommands.Group(host));
        root.Add(IngressCommands.Group(host));
        root.Add(CertificateCommands.Group(host));
        root.Add(NodeCommands.Group(host));
        root.Add(TokenCommand.Make(host));
        root.Add(HealthCommand.Make(host));
        root.Add(CompletionCommand.Make(host));
        return root;
    }

    public static async Task<int> RunAsync(CliHost host, IReadOnlyList<string> arguments)
    {
        var result = Build(host).Parse(arguments.Count == 0 ? ["--help"] : arguments);
        if (result.Action is ParseErrorAction mistake)
            mistake.ShowHelp = false;
        var configuration = new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            Output = host.Out,
            Error = host.Error,
        };
        try
        {
            var code = await result.InvokeAsync(configuration);
            if (result.Errors.Count == 0)
                return code;
            host.Error.WriteLine($"  '{HelpFor(result)}' says how.");
            return ExitCode.Usage;
        }
        catch (Exception e) when (Failure.From(e) is { } failure)
        {
            if (failure.Message.Length > 0)
                host.Error.WriteLine($"hypeman: {failure.Message}");
            if (failure.Hint is not null)
                host.Error.WriteLine($"  {failure.Hint}");
            return failure.ExitCode;
        }
    }

    private static string HelpFor(ParseResult result)
    {
        var words = new Stack<string>(["--help"]);
        for (System.CommandLine.Parsing.SymbolResult? at = result.CommandResult; at is not null; at = at.Parent)
            if (at is System.CommandLine.Parsing.CommandResult { Parent: not null } command)
                words.Push(command.Command.Name);
        return "hypeman " + string.Join(' ', words);
    }
}
