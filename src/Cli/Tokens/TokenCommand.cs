using System.CommandLine;
using Hypeman.Cli.Invocation;

namespace Hypeman.Cli.Tokens;

/// <summary>Makes a token out of the fleet's secret, without asking the fleet.</summary>
internal static class TokenCommand
{
    /// <summary>Where a fleet keeps the secret that it made for itself, inside its data directory.</summary>
    private const string SecretFile = "jwt-secret";

    private static readonly string[] Scopes =
    [
        .. from resource in (string[])["build", "device", "image", "ingress", "instance", "snapshot", "volume"]
           from verb in (string[])["read", "write", "delete"]
           select $"{resource}:{verb}",
        "build:admin", "resource:read", "*",
    ];

    public static Command Make(CliHost host)
    {
        var user = new Option<string>("--user") { Description = "Who the token is for", DefaultValueFactory = _ => "cli" };
        var scopes = new Option<string?>("--scopes") { Description = "What it may do, separated by commas (default: everything)" };
        var expires = new Option<TimeSpan?>("--expires")
        {
            Description = "How long it is valid (default: 24h)",
            HelpName = "duration",
            CustomParser = result => Duration.Parse(result),
        };
        var data = new Option<DirectoryInfo?>("--data") { Description = "The fleet's data directory, to read its secret from (default: JWT_SECRET)" };
        var list = new Option<bool>("--list-scopes") { Description = "Print the scopes there are" };
        var command = new Command("token", "Make an API token from the fleet's secret") { user, scopes, expires, data, list };
        return command.Does(host, (run, _) =>
        {
            if (run.Value(list))
            {
                run.Print.Line(string.Join(Environment.NewLine, Scopes));
                return Task.CompletedTask;
            }
            var token = Jwt.Sign(
                ReadSecret(host, run.Value(data)), run.Value(user)!, ParseScopes(run.Value(scopes)), host.Time.GetUtcNow(),
                run.Value(expires) ?? TimeSpan.FromDays(1));
            run.Print.Line(run.Json ? $$"""{"token": "{{token}}"}""" : token);
            return Task.CompletedTask;
        });
    }

    private static string[]? ParseScopes(string? text)
    {
        var scopes = text?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (scopes?.Except(Scopes).ToList() is { Count: > 0 } unknown)
            throw new CliException(
                $"There is no scope {string.Join(", ", unknown)}.", "'hypeman token --list-scopes' prints those there are.", ExitCode.Usage);
        return scopes;
    }

    private static string ReadSecret(CliHost host, DirectoryInfo? data)
    {
        if (data is not null)
        {
            var path = Path.Combine(data.FullName, SecretFile);
            return File.Exists(path)
                ? File.ReadAllText(path).Trim()
                : throw new CliException($"There is no {path}.", "Is this the data directory of a fleet that was started once?");
        }
        return host.Env("JWT_SECRET") is { Length: > 0 } secret
            ? secret
            : throw new CliException(
                "The fleet's secret is needed to sign a token.", "Set JWT_SECRET to it, or give --data DIR of a fleet on this machine.",
                ExitCode.Usage);
    }
}
