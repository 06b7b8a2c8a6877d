using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Hypeman.Silo.Configuration;

/// <summary>A configuration file: YAML, levels as mappings, lists as sequences or comma-separated text.</summary>
internal static class SettingsFile
{
    /// <summary>Reads it into keys with dots between levels.</summary>
    /// <exception cref="FormatException">It is no such file; the message says where.</exception>
    public static IReadOnlyDictionary<string, string> Parse(TextReader text)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var yaml = new YamlStream();
        try
        {
            yaml.Load(text);
        }
        catch (YamlException e)
        {
            throw new FormatException($"line {e.Start.Line}: {e.Message}", e);
        }
        if (yaml.Documents.Count == 0)
            return values;
        if (yaml.Documents[0].RootNode is not YamlMappingNode root)
            throw new FormatException("it must hold settings as 'key: value' lines");
        Flatten(root, "", values);
        return values;
    }

    private static void Flatten(YamlMappingNode mapping, string prefix, Dictionary<string, string> values)
    {
        foreach (var (name, value) in mapping.Children)
        {
            var key = prefix + name;
            switch (value)
            {
                case YamlMappingNode inner:
                    Flatten(inner, key + ".", values);
                    break;
                case YamlSequenceNode list:
                    values[key] = string.Join(",", list.Children);
                    break;
                case YamlScalarNode { Value: { } scalar }:
                    values[key] = scalar;
                    break;
            }
        }
    }
}
