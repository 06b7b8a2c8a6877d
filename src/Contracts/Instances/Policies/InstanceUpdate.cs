namespace Hypeman.Contracts.Instances.Policies;

/// <summary>What is to be changed about an instance, whatever state it is in. Null keeps what is.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.instance-update")]
public sealed record InstanceUpdate
{
    [Id(0)] public InstanceLifetime? Lifetime { get; init; }
    [Id(1)] public RestartPolicy? RestartPolicy { get; init; }
    [Id(2)] public HealthCheck? HealthCheck { get; init; }
    [Id(3)] public AutoStandbyPolicy? AutoStandby { get; init; }
}
