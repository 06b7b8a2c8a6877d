using System.Text.RegularExpressions;

namespace Hypeman.Gateway.Requests;

/// <summary>The names of instances, ingresses and snapshots.</summary>
internal static partial class ResourceName
{
    public const int MaxLength = 63;

    /// <summary>The required field <c>name</c>.</summary>
    public static string FromBody(FieldReader fields)
    {
        var wasMissing = fields.Problems.Count;
        var name = fields.RequiredString("name");
        if (fields.Problems.Count == wasMissing)
            Check(fields, name);
        return name;
    }

    /// <summary>The field <c>name</c>; null when it is left out.</summary>
    public static string? OptionalFromBody(FieldReader fields)
    {
        var name = fields.String("name");
        if (name is not null)
            Check(fields, name);
        return name;
    }

    private static void Check(FieldReader fields, string name)
    {
        if (name.Length > MaxLength || !Pattern().IsMatch(name))
            fields.Problems.AddSchema(fields.PathOf("name"),
                $"must be 1 to {MaxLength} lower-case letters, digits and dashes, and neither begin nor end with a dash");
    }

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?\\z")]
    private static partial Regex Pattern();
}
