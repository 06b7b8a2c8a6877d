using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Hypeman.Client.Snapshots;

namespace Hypeman.Cli.Snapshots;

/// <summary>Compression as people write it: <c>zstd</c>, <c>lz4</c>, <c>zstd:3</c>, <c>none</c>.</summary>
internal static class CompressionText
{
    private const string Off = "none";

    public static Option<Compression?> Option() => new("--compress")
    {
        Description = "Compress the saved memory: zstd, lz4, with a level as in zstd:3, or none (default: what the instance's policy says)",
        HelpName = "algorithm",
        CustomParser = Parse,
    };

    public static string? Print(Compression? compression, string? state) => compression switch
    {
        null => null,
        { Enabled: false } => Off,
        _ => string.Concat(compression.Algorithm, compression.Level is { } level ? string.Create(CultureInfo.InvariantCulture, $":{level}") : "", $", {state}"),
    };

    // Which levels there are is the server's to say.
    private static Compression? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        if (text == Off)
            return new Compression(Enabled: false);
        var (algorithm, level) = text.Split(':', 2) is [var name, var number] ? (name, number) : (text, null);
        if (algorithm is "zstd" or "lz4")
        {
            if (level is null)
                return new Compression(Enabled: true, algorithm);
            if (int.TryParse(level, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var wanted))
                return new Compression(Enabled: true, algorithm, wanted);
        }
        result.AddError($"'{text}' is no compression; write zstd, lz4, zstd:3 or none.");
        return null;
    }
}
