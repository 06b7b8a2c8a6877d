using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hypeman.Certificates.Acme;

/// <summary>Where things are asked for (RFC 8555, section 7.1.1).</summary>
internal sealed record AcmeDirectory(Uri NewNonce, Uri NewAccount, Uri NewOrder, AcmeMeta? Meta);

internal sealed record AcmeMeta(bool ExternalAccountRequired = false);

/// <summary>A certificate that is asked for (section 7.1.3).</summary>
internal sealed record AcmeOrder(string Status, IReadOnlyList<Uri> Authorizations, Uri Finalize, Uri? Certificate, JsonElement Error);

/// <summary>What is to be proven of a name (section 7.1.4).</summary>
internal sealed record AcmeAuthorization(string Status, IReadOnlyList<AcmeChallenge> Challenges);

/// <summary>One way to do so (section 8).</summary>
internal sealed record AcmeChallenge(string Type, Uri Url, string Status, string? Token, JsonElement Error);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(AcmeDirectory))]
[JsonSerializable(typeof(AcmeOrder))]
[JsonSerializable(typeof(AcmeAuthorization))]
[JsonSerializable(typeof(AcmeChallenge))]
internal sealed partial class AcmeJson : JsonSerializerContext;
