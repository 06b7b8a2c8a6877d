using System.Text.Json;

namespace Hypeman.Tests.Chaos.Workload;

/// <summary>One call of the API and how it ended.</summary>
internal sealed record Call
{
    public required string What { get; init; }

    /// <summary>The member that was called.</summary>
    public required string Gateway { get; init; }

    /// <summary>The member that has the instance that it was about; null when it was about none.</summary>
    public string? Target { get; init; }

    /// <summary>It may be served by any node, so a fault of any may be in its way.</summary>
    public bool AnyNode { get; init; }

    public bool IsWrite { get; init; }

    /// <summary>Null when no answer came.</summary>
    public int? Status { get; init; }

    /// <summary>The answer, or why none came.</summary>
    public required string Text { get; init; }

    public required TimeSpan Elapsed { get; init; }

    public bool IsSuccess => Status is >= 200 and < 300;

    public JsonElement Body => JsonSerializer.Deserialize<JsonElement>(Text);

    public override string ToString() =>
        $"{What} through {Gateway}{(Target is null ? "" : $" (instance of {Target})")}: "
        + $"{(Status is { } status ? $"{status} " : "")}{Text[..Math.Min(Text.Length, 200)]} after {Elapsed.TotalSeconds:0.0} s";
}
