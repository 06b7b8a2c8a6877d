using YamlDotNet.Serialization;

namespace Hypeman.Gateway.Health;

/// <summary>The OpenAPI document of this build.</summary>
internal static class ApiDescription
{
    /// <summary>The version of the contract that is followed; also the document's.</summary>
    public const string Version = "0.3.0";

    private static readonly Lazy<string> LazyYaml = new(ReadYaml);
    private static readonly Lazy<string> LazyJson = new(() => ToJson(LazyYaml.Value));

    public static string Yaml => LazyYaml.Value;

    public static string Json => LazyJson.Value;

    private static string ReadYaml()
    {
        using var stream = typeof(ApiDescription).Assembly.GetManifestResourceStream("openapi.yaml")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static string ToJson(string yaml)
    {
        var document = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build()
            .Deserialize<object>(yaml);
        return new SerializerBuilder().JsonCompatible().Build().Serialize(document);
    }
}
