namespace Hypeman.Silo.Server;

/// <summary>Limits that are not for operators to change.</summary>
internal static class Limits
{
    /// <summary>For all parts together to end their work when the process is asked to go.</summary>
    public static readonly TimeSpan Shutdown = TimeSpan.FromSeconds(30);
}
