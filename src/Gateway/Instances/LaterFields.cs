using System.Runtime.InteropServices;
using System.Text.Json;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Instances;

/// <summary>
/// Fields of instances whose features are not built yet. Values that ask for nothing are taken, all others are
/// refused by name: a wish is never dropped silently.
/// </summary>
internal static class LaterFields
{
    private static readonly (string Name, Func<JsonElement, bool> AsksForNothing)[] Fields =
    [
        ("volumes", IsEmpty),
        ("devices", IsEmpty),
        ("credentials", IsEmpty),
        ("gpu", gpu => IsText(gpu, "profile", "")),
    ];

    /// <summary>Those of PATCH /instances/{id}. Only a credential's variable may be changed, and there are none.</summary>
    private static readonly (string Name, Func<JsonElement, bool> AsksForNothing)[] UpdateFields =
    [
        ("env", _ => false),
    ];

    /// <summary>The platform that nodes of this build run.</summary>
    private static readonly string Platform =
        RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "linux/arm64" : "linux/amd64";

    public static void Refuse(FieldReader fields, FieldReader? network)
    {
        foreach (var (name, asksForNothing) in Fields)
            RefuseUnless(fields, name, asksForNothing);
        if (network is not null)
            RefuseUnless(network, "egress", egress => IsOff(egress, "enabled"));
        if (PlatformName.FromBody(fields) is { } platform && platform != Platform)
            NotSupported(fields, "platform", $"only {Platform} is supported by this server");
    }

    public static void RefuseUpdates(FieldReader fields)
    {
        foreach (var (name, asksForNothing) in UpdateFields)
            RefuseUnless(fields, name, asksForNothing);
    }

    private static void RefuseUnless(FieldReader fields, string name, Func<JsonElement, bool> asksForNothing)
    {
        if (fields.Raw(name) is { } value && !asksForNothing(value))
            NotSupported(fields, name, "is not supported by this server yet; leave it out");
    }

    private static void NotSupported(FieldReader fields, string name, string what) =>
        fields.Problems.Add("not_supported", fields.PathOf(name), what);

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        _ => false,
    };

    /// <summary>An object whose switch is off or left out, which is the same.</summary>
    private static bool IsOff(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object
        && (!value.TryGetProperty(name, out var enabled) || enabled.ValueKind == JsonValueKind.False);

    private static bool IsText(JsonElement value, string name, string text) =>
        value.ValueKind == JsonValueKind.Object
        && (!value.TryGetProperty(name, out var found)
            || (found.ValueKind == JsonValueKind.String && found.ValueEquals(text)));
}
