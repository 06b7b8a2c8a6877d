namespace Hypeman.Contracts.Images;

/// <summary>A wish to have an image. Credentials are used for this pull and never stored.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.image-spec")]
public sealed record ImageSpec
{
    /// <summary>The reference as the caller wrote it.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>For example <c>linux/amd64</c>; null takes the fleet's default.</summary>
    [Id(1)] public string? Platform { get; init; }

    [Id(2)] public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
    [Id(3)] public RegistryCredentials? Credentials { get; init; }
}

/// <summary>How to log in to a registry: a user name with its password, or a token of the registry. Never stored.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.registry-credentials")]
public sealed record RegistryCredentials
{
    [Id(0)] public string? Username { get; init; }
    [Id(1)] public string? Password { get; init; }
    [Id(2)] public string? RegistryToken { get; init; }

    /// <summary>Keeps secrets out of logs.</summary>
    public override string ToString() => nameof(RegistryCredentials);
}
