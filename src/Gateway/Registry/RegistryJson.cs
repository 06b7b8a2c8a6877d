using System.Text.Json.Serialization;

namespace Hypeman.Gateway.Registry;

/// <summary>The bodies of the protocol.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RegistryErrors))]
[JsonSerializable(typeof(RegistryToken))]
internal sealed partial class RegistryJson : JsonSerializerContext;

internal sealed record RegistryErrors(IReadOnlyList<RegistryErrorItem> Errors);

internal sealed record RegistryErrorItem(string Code, string Message);

internal sealed record RegistryToken(string Token, string AccessToken, int ExpiresIn, DateTimeOffset IssuedAt);
