using System.Diagnostics.CodeAnalysis;

namespace Hypeman.NodeRuntime.Images.Oci;

/// <summary>What an image was built for, in the words of the OCI: <c>linux/amd64</c>, <c>linux/arm64</c>, <c>linux/arm/v7</c>.</summary>
internal sealed record Platform(string Os, string Architecture, string? Variant)
{
    public static Platform Parse(string text) => text.Split('/') switch
    {
        [var os, var architecture] => new Platform(os, architecture, null),
        [var os, var architecture, var variant] => new Platform(os, architecture, variant),
        _ => throw new FormatException($"'{text}' is no platform: 'os/architecture' or 'os/architecture/variant' is expected"),
    };

    /// <summary>Whether what was built for <paramref name="built"/> runs here.</summary>
    public bool Runs([NotNullWhen(true)] Platform? built)
    {
        if (built is null)
            return false;
        var (wanted, offered) = (Normalized, built.Normalized);
        return wanted.Os == offered.Os
            && wanted.Architecture == offered.Architecture
            && (Variant is null || offered.Variant is null || wanted.Variant == offered.Variant);
    }

    public override string ToString() => Variant is null ? $"{Os}/{Architecture}" : $"{Os}/{Architecture}/{Variant}";

    /// <summary>One name for what has several; v8 goes without saying on arm64, and v1 on amd64.</summary>
    private Platform Normalized => (Architecture, Variant) switch
    {
        ("x86_64", _) or ("amd64", "v1") => this with { Architecture = "amd64", Variant = null },
        ("aarch64", _) or ("arm64", "v8") => this with { Architecture = "arm64", Variant = null },
        _ => this,
    };
}
