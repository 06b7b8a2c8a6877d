namespace Hypeman.Contracts.Nodes;

/// <summary>What an operator wants of a node; the state word of its row in the index.</summary>
public enum NodeAdmission
{
    /// <summary>New instances may be put on it.</summary>
    Ready,

    /// <summary>It keeps what it has and is given nothing new.</summary>
    Cordoned,

    /// <summary>As cordoned, and what it has goes to other nodes.</summary>
    Draining,

    /// <summary>A person said that it will not return: its disks are lost, and it is refused should it come back.</summary>
    Removed,
}

/// <summary>What a node is at this moment: what is wanted of it, and whether it answers.</summary>
public enum NodeCondition
{
    Ready,
    Cordoned,
    Draining,

    /// <summary>Its silo is no member of the cluster now.</summary>
    Unreachable,

    Removed,
}
