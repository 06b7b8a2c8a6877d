using Hypeman.Cli.Invocation;
using Hypeman.Client;

namespace Hypeman.Cli.Settings;

/// <summary>Which fleet to talk to, and as whom. An option beats the environment, the environment beats the file.</summary>
internal sealed record ClientSettings(Uri BaseUrl, string? ApiKey)
{
    private const string DefaultBaseUrl = "http://localhost:8080";

    public static ClientSettings Read(CliHost host, string? baseUrl, string? apiKey)
    {
        var file = ReadFile(host);
        var url = First(baseUrl, host.Env("HYPEMAN_BASE_URL"), file.GetValueOrDefault("base_url")) ?? DefaultBaseUrl;
        var key = First(apiKey, host.Env("HYPEMAN_API_KEY"), host.Env("HYPEMAN_BEARER_TOKEN"), file.GetValueOrDefault("api_key"));
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https"))
            throw new CliException($"'{url}' is no base URL.", "Write it like http://localhost:8080.", ExitCode.Usage);
        return new ClientSettings(parsed, key);
    }

    public HypemanClient Connect() => new(BaseUrl, ApiKey);

    private static string? First(params string?[] values) => values.FirstOrDefault(value => !string.IsNullOrWhiteSpace(value));

    /// <summary>The file holds flat <c>key: value</c> lines; that much of YAML is read here.</summary>
    private static Dictionary<string, string> ReadFile(CliHost host)
    {
        var folder = First(host.Env("XDG_CONFIG_HOME")) ?? Path.Combine(host.Home, ".config");
        var path = Path.Combine(folder, "hypeman", "cli.yaml");
        var settings = new Dictionary<string, string>();
        if (!File.Exists(path))
            return settings;
        foreach (var line in File.ReadLines(path).Select(line => line.Trim()))
        {
            if (line.Length == 0 || line[0] == '#' || line == "---")
                continue;
            var colon = line.IndexOf(':');
            if (colon <= 0)
                throw new CliException($"{path} has a line that is not 'key: value': {line}", exitCode: ExitCode.Usage);
            settings[line[..colon].TrimEnd()] = Unquote(line[(colon + 1)..].Trim());
        }
        return settings;
    }

    private static string Unquote(string value)
    {
        if (value.Length >= 2 && value[0] is '"' or '\'' && value[^1] == value[0])
            return value[1..^1];
        var comment = value.IndexOf(" #", StringComparison.Ordinal);
        return comment < 0 ? value : value[..comment].TrimEnd();
    }
}
