using System.Net;
using Hypeman.Storage;

namespace Hypeman.Silo.Configuration;

/// <summary>What was read: usable only when there are no errors.</summary>
/// <param name="Options">Complete when there are no errors.</param>
/// <param name="Errors">All of them, each naming its setting and where it was written.</param>
/// <param name="Warnings">What was passed over.</param>
/// <param name="Summary">The settings in force, secrets left out, for the log.</param>
internal sealed record SettingsResult(
    HypemanOptions Options, IReadOnlyList<string> Errors, IReadOnlyList<string> Warnings, string Summary);

/// <summary>Puts the sources together: flag beats environment beats file beats default.</summary>
internal sealed class SettingsReader(
    IReadOnlyDictionary<string, string> flags, Func<string, string?> environment, IReadOnlyList<string> files)
{
    private readonly HypemanOptions _options = new();
    private readonly List<string> _errors = [];
    private readonly List<string> _warnings = [];
    private readonly Dictionary<string, (string Value, string Source)> _fromFiles = new(StringComparer.Ordinal);

    /// <summary>Those of the system and of the user; they need not be there.</summary>
    public static IReadOnlyList<string> DefaultFiles { get; } =
    [
        .. new[]
        {
            "/etc/hypeman/config.yaml",
            Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config/hypeman/config.yaml"),
        }.Where(File.Exists),
    ];

    public SettingsResult Read()
    {
        foreach (var file in files)
            ReadFile(file);
        var inForce = Settings.All.Select(Choose).ToList();
        foreach (var (setting, value, source) in inForce)
            Apply(setting, value, source);
        if (_errors.Count == 0)
            CheckTogether();
        var summary = string.Join(" ", inForce.Select(s => $"{s.Setting.Key}={Show(s.Setting, s.Value)}"));
        return new SettingsResult(_options, _errors, _warnings, summary);
    }

    private void ReadFile(string file)
    {
        try
        {
            using var text = File.OpenText(file);
            foreach (var (key, value) in SettingsFile.Parse(text))
            {
                if (Settings.All.All(s => s.Key != key))
                    _warnings.Add($"{file}: the setting {key} is not known here and has no effect");
                else
                    _fromFiles[key] = (value, file);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            _errors.Add($"the configuration file {file} cannot be read: {e.Message}");
        }
    }

    private (Setting Setting, string Value, string Source) Choose(Setting setting)
    {
        if (setting.Flag is { } flag && flags.TryGetValue(flag, out var given))
            return (setting, given, flag);
        if (environment(setting.EnvironmentName) is { Length: > 0 } set)
            return (setting, set, setting.EnvironmentName);
        return _fromFiles.TryGetValue(setting.Key, out var written)
            ? (setting, written.Value, $"{setting.Key} in {written.Source}")
            : (setting, setting.Default, setting.Key);
    }

    private void Apply(Setting setting, string value, string source)
    {
        try
        {
            setting.Apply(_options, value);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            _errors.Add($"{source}: {e.Message}");
        }
    }

    private void CheckTogether()
    {
        var isEmbedded = _options.Database.Length == 0;
        _errors.AddRange(new StorageOptions { ConnectionString = isEmbedded ? null : _options.Database }.Validate());
        if (isEmbedded && _options.Roles != SiloRoles.All)
            _errors.Add("roles: a process that does only a part needs the others to share its records; set --database, or leave --roles out");
        if (_options is { ApiHostname.Length: > 0, ApiTls: true, IssuesCertificates: false })
            _errors.Add("api.hostname: needs a certificate, which nobody issues: set acme.email, or acme.ca to 'development', or api.tls to false");
        if (_options.ClusterAddress == "*")
            _errors.Add("cluster.address: must be the one address at which others reach this process, not *");
        else if (!isEmbedded && _options.ClusterIdentity.Length == 0 && !IPAddress.IsLoopback(IPAddress.Parse(_options.ClusterAddress)))
            _errors.Add(
                $"cluster.identity: other hosts can reach {_options.ClusterAddress}, so this process must be able to tell who belongs to the fleet: "
                + "make its CA once with 'hypeman-silo cluster init --out DIR', this process' certificate with "
                + "'hypeman-silo cluster issue --ca DIR --name NAME --out DIR2', and set --cluster-identity DIR2");
    }

    private static string Show(Setting setting, string value) => value.Length == 0 ? "(empty)" : setting.IsSecret ? "(set)" : value;
}
