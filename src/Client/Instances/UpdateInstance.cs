namespace Hypeman.Client.Instances;

/// <summary>What is to be changed about an instance; what is null stays as it is.</summary>
public sealed record UpdateInstance
{
    /// <summary>How long it is to live from now on; <c>0s</c>: until somebody deletes it.</summary>
    public string? Ttl { get; init; }

    /// <summary>When it is to be deleted, instead of <see cref="Ttl"/>.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}
