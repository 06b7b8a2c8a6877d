namespace Hypeman.Grains.Instances.Idle;

/// <summary>What the monitor of a silo has found out about an instance that nobody seems to use.</summary>
/// <param name="Run">The stay in Running that it is about.</param>
/// <param name="LastUseAt">Null when no use of it is known.</param>
[GenerateSerializer, Immutable, Alias("hypeman.idle-news")]
internal sealed record IdleNews([property: Id(0)] InstanceRun Run, [property: Id(1)] DateTimeOffset? LastUseAt);

/// <summary>The side of an instance grain that only the monitor of its silo calls.</summary>
[Alias("hypeman.instance-idle")]
internal interface IInstanceIdle : IGrainWithStringKey
{
    /// <summary>Begins to put it to sleep. False: it is not to be, as it is now.</summary>
    [Alias("Sleep")] Task<bool> SleepAsync(IdleNews news);
}
