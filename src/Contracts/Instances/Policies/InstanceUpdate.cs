namespace Hypeman.Contracts.Instances.Policies;

/// <summary>What is to be changed about an instance, whatever state it is in. Null keeps what is.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.instance-update")]
public sealed record InstanceUpdate
{
    [Id(0)] public InstanceLifetime? Lifetime { get; init; }
}
