using System.CommandLine;
using Hypeman.Silo.Configuration;

namespace Hypeman.Silo.Commands;

/// <summary>The command line of this program.</summary>
internal static class SiloCommand
{
    private const int Failed = 1;
    private const int Misused = 2;

    private static readonly Option<FileInfo?> ConfigFile = new("--config")
    {
        Description = "Configuration file (YAML) to read in place of the usual ones.",
        HelpName = "file",
        Recursive = true,
    };

    public static async Task<int> RunAsync(
        string[] arguments, InvocationConfiguration configuration, CancellationToken cancellationToken = default)
    {
        var parsed = Create().Parse(arguments);
        if (parsed.Errors.Count == 0)
            return await parsed.InvokeAsync(configuration, cancellationToken);
        foreach (var problem in parsed.Errors)
            await configuration.Error.WriteLineAsync($"error: {problem.Message} (hypeman-silo --help shows what there is)");
        return Misused;
    }

    private static RootCommand Create()
    {
        var root = new RootCommand(
            """
            Runs a process of a Hypeman fleet: API, ingress and the VMs of this host.

            Each setting is looked for on the command line, then in the environment (port is PORT, ingress.port is
            INGRESS__PORT), then in ~/.config/hypeman/config.yaml and /etc/hypeman/config.yaml.
            """) { ConfigFile };
        foreach (var setting in Settings.All.Where(s => s.Flag is not null))
            root.Options.Add(OptionOf(setting));
        root.SetAction((parsed, cancellationToken) =>
            GuardAsync(parsed, read => RunCommand.RunAsync(read, parsed.InvocationConfiguration.Output, cancellationToken)));
        root.Subcommands.Add(Token());
        root.Subcommands.Add(Down());
        root.Subcommands.Add(ClusterCommand.Create(GuardAsync));
        return root;
    }

    private static Command Token()
    {
        var user = new Option<string>("--user") { Description = "Who the token is for.", DefaultValueFactory = _ => "admin" };
        var scopes = new Option<string?>("--scopes")
        {
            Description = "What it may do, as a list such as instance:read,image:read; everything when left out.",
        };
        var expires = new Option<string>("--expires") { Description = "How long it is valid: 30m, 24h, 7d.", DefaultValueFactory = _ => "24h" };
        var command = new Command("token", "Prints a token for the API.") { user, scopes, expires };
        command.SetAction((parsed, _) => GuardAsync(parsed, read => Task.FromResult(
            TokenCommand.Run(
                read.Options, parsed.GetValue(user)!, parsed.GetValue(scopes), parsed.GetValue(expires)!,
                parsed.InvocationConfiguration.Output))));
        return command;
    }

    private static Command Down()
    {
        var command = new Command("down", "Ends the server of a data directory and its VMs, and removes what they hold on this host. Disks and images stay.");
        command.SetAction((parsed, cancellationToken) =>
            GuardAsync(parsed, read => DownCommand.RunAsync(read.Options, parsed.InvocationConfiguration.Output, cancellationToken)));
        return command;
    }

    private static Option<string> OptionOf(Setting setting) => new(setting.Flag!)
    {
        Description = setting.Default.Length == 0 ? setting.Help : $"{setting.Help} [default: {setting.Default}]",
        HelpName = setting.Key,
        // Those that other commands read too may stand before or behind their name.
        Recursive = setting.Key is "data_dir" or "cluster.identity",
    };

    /// <summary>Reads the settings, then runs; says in a line what is wrong when something is.</summary>
    private static async Task<int> GuardAsync(ParseResult parsed, Func<SettingsResult, Task<int>> run)
    {
        var (read, errors) = (Read(parsed), parsed.InvocationConfiguration.Error);
        foreach (var warning in read.Warnings)
            await errors.WriteLineAsync($"warning: {warning}");
        foreach (var problem in read.Errors)
            await errors.WriteLineAsync($"error: {problem}");
        return read.Errors.Count > 0 ? Misused : await ExplainAsync(parsed, () => run(read));
    }

    /// <summary>For commands that need no settings.</summary>
    private static Task<int> GuardAsync(ParseResult parsed, Action<TextWriter> run) => ExplainAsync(parsed, () =>
    {
        run(parsed.InvocationConfiguration.Output);
        return Task.FromResult(0);
    });

    /// <summary>Says in a line what went wrong, if that was foreseen.</summary>
    private static async Task<int> ExplainAsync(ParseResult parsed, Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (Exception e) when (StartupFailure.Explain(e) is { } line)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync($"error: {line}");
            return Failed;
        }
    }

    private static SettingsResult Read(ParseResult parsed)
    {
        var flags = parsed.RootCommandResult.Command.Options.OfType<Option<string>>()
            .Where(option => parsed.GetResult(option) is { Implicit: false })
            .ToDictionary(option => option.Name, option => parsed.GetValue(option)!);
        var files = parsed.GetValue(ConfigFile) is { } file ? [file.FullName] : SettingsReader.DefaultFiles;
        return new SettingsReader(flags, Environment.GetEnvironmentVariable, files).Read();
    }
}
