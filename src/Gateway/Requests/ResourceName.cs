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
            Check(fields, "name", name);
        return name;
    }

    /// <summary>The field <c>name</c>; null when it is left out.</summary>
    public static string? OptionalFromBody(FieldReader fields)
    {
        var name = fields.String("name");
        if (name is not null)
            Check(fields, "name", name);
        return name;
    }

    /// <summary>Notes a field that is no name, or the beginning of one.</summary>
    public static void Check(FieldReader fields, string field, string name, int maxLength = MaxLength)
    {
        if (name.Length > maxLength || !Pattern().IsMatch(name))
            fields.Problems.AddSchema(fields.PathOf(field),
                $"must be 1 to {maxLength} lower-case letters, digits and dashes, and neither begin nor end with a dash");
    }

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?\\z")]
    private static partial Regex Pattern();
}
