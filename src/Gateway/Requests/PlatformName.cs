using System.Text.RegularExpressions;
using Hypeman.Gateway.Errors;

namespace Hypeman.Gateway.Requests;

/// <summary>Platforms of images, for example <c>linux/amd64</c> or <c>linux/arm/v7</c>.</summary>
internal static partial class PlatformName
{
    /// <summary>The field <c>platform</c>; null when it is absent or malformed, which is noted.</summary>
    public static string? FromBody(FieldReader fields)
    {
        var platform = fields.String("platform");
        if (platform is null || Pattern().IsMatch(platform))
            return platform;
        fields.Problems.Add("invalid_platform", "platform", "must be os/arch or os/arch/variant, for example linux/amd64");
        return null;
    }

    [GeneratedRegex("^[a-z0-9]+/[a-z0-9]+(/[a-z0-9.]+)?\\z")]
    private static partial Regex Pattern();
}
