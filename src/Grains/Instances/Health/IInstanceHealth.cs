namespace Hypeman.Grains.Instances.Health;

/// <summary>The side of an instance grain that only the monitor of its silo calls.</summary>
[Alias("hypeman.instance-health")]
internal interface IInstanceHealth : IGrainWithStringKey
{
    /// <summary>A verdict has changed. False: there is no such instance any more.</summary>
    [Alias("NoteHealth")] Task<bool> NoteHealthAsync(HealthNews news);
}
