using System.CommandLine;

namespace Hypeman.Cli.Invocation;

/// <summary>Options that every verb takes.</summary>
internal static class GlobalOptions
{
    public static Option<bool> Json { get; } = new("--json")
    {
        Description = "Print the API's answer as JSON",
        Recursive = true,
    };

    public static Option<string?> BaseUrl { get; } = new("--base-url")
    {
        Description = "The fleet's API (default: HYPEMAN_BASE_URL, cli.yaml, http://localhost:8080)",
        HelpName = "url",
        Recursive = true,
    };

    public static Option<string?> ApiKey { get; } = new("--api-key")
    {
        Description = "The token to use (default: HYPEMAN_API_KEY, cli.yaml)",
        HelpName = "token",
        Recursive = true,
    };
}
