namespace Hypeman.Grains.Instances;

/// <summary>One stay of an instance in Running: after a boot or a restore, what was watched of it is of the past.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.instance-run")]
internal readonly record struct InstanceRun([property: Id(0)] long Epoch, [property: Id(1)] long Boot, [property: Id(2)] int Restores)
{
    public static InstanceRun Of(InstanceState state) => new(state.Observed.Epoch, state.Observed.Boot, state.Observed.Restores);
}
