using System.Text.Json;
using Hypeman.Tests.Chaos.Faults;
using Hypeman.Tests.Chaos.Workload;

namespace Hypeman.Tests.Chaos.Checks;

/// <summary>What a call may end in. Pure.</summary>
internal static class CallRules
{
    /// <summary>The longest that a frozen process stays unnoticed, and something for two busy cores.</summary>
    public static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(20);

    /// <summary>The gateway's own limit for operations, and the same.</summary>
    public static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(65);

    /// <param name="call">It has ended.</param>
    /// <param name="broken">What was broken when it began and when it ended; null for nothing.</param>
    /// <returns>Why it must not have ended so; null when it may.</returns>
    public static string? WhyWrong(Call call, IReadOnlyList<Fault?> broken)
    {
        var faults = broken.OfType<Fault>().ToList();
        if (faults.Any(fault => fault.Affects(call.Gateway)))
            return call.Status is 500 ? "an internal error" : null;
        if (call.Elapsed > (call.IsWrite ? WriteLimit : ReadLimit))
            return "it took longer than its deadline";
        if (call.Status is not { } status)
            return "no answer, and its gateway was well";
        if (call.IsSuccess)
            return null;
        if (!IsClear(call.Text))
            return "an error that does not say what is wrong";
        var mayFail = faults.Any(fault => fault.Affects(call.Target) || fault.AffectsWrites || call.AnyNode);
        return status switch
        {
            404 or 409 => null, // What they say is checked against what is known of the instance.
            503 or 504 or 507 when mayFail => null,
            503 or 504 => "refused, and nothing that it needs was broken",
            _ => "a status that nothing explains",
        };
    }

    private static bool IsClear(string text)
    {
        try
        {
            var body = JsonSerializer.Deserialize<JsonElement>(text);
            return body.GetProperty("code").GetString() is { Length: > 0 } && body.GetProperty("message").GetString() is { Length: > 0 };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return false;
        }
    }
}
