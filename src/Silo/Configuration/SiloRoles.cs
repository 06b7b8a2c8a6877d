namespace Hypeman.Silo.Configuration;

/// <summary>What a process does in the fleet; each process may have several.</summary>
[Flags]
internal enum SiloRoles
{
    None = 0,

    /// <summary>Runs grains that belong to no node.</summary>
    Control = 1,

    /// <summary>Runs VMs on this host, and the grains of what lives here.</summary>
    Node = 2,

    /// <summary>Serves the REST API and the dashboard.</summary>
    Gateway = 4,

    /// <summary>Takes in traffic for instances.</summary>
    Ingress = 8,

    All = Control | Node | Gateway | Ingress,
}

internal static class SiloRolesExtensions
{
    /// <summary>Whether the process holds grains. Others reach them as clients of those that do.</summary>
    public static bool IsSilo(this SiloRoles roles) => (roles & (SiloRoles.Control | SiloRoles.Node)) != 0;
}
