namespace Hypeman.Silo.Server;

/// <summary>Limits that are not for operators to change.</summary>
internal static class Limits
{
    /// <summary>For all parts together to end their work when the process is asked to go.</summary>
    public static readonly TimeSpan Shutdown = TimeSpan.FromSeconds(30);

    /// <summary>What a process may take beyond that before it counts as hung.</summary>
    public static readonly TimeSpan ShutdownSlack = TimeSpan.FromSeconds(10);

    /// <summary>For guests to end by themselves when a fleet is taken down.</summary>
    public static readonly TimeSpan GuestGrace = TimeSpan.FromSeconds(10);
}
