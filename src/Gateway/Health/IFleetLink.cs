namespace Hypeman.Gateway.Health;

/// <summary>Whether grains can be reached from this process.</summary>
public interface IFleetLink
{
    /// <summary>False until a silo has been found, and while none can be reached.</summary>
    bool IsUp { get; }
}

/// <summary>The link of a process that is a silo itself: it starts before the API does.</summary>
internal sealed class OwnSilo : IFleetLink
{
    public bool IsUp => true;
}
