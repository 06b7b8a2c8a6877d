namespace Hypeman.NodeRuntime.Vms;

/// <summary>What is known of a VM that has a process.</summary>
internal readonly record struct VmSigns(bool IsEnding, bool ProgramStarted, bool AgentAnswered, bool SkipsAgent, bool IsLost)
{
    /// <summary>All that an owner waits for has happened.</summary>
    internal bool IsReady => ProgramStarted && (AgentAnswered || SkipsAgent);
}

internal static class VmPhases
{
    /// <summary>The phase of a VM with a process. That it is ready outweighs that it took too long.</summary>
    internal static VmPhase Of(VmSigns signs) => signs switch
    {
        { IsEnding: true } => VmPhase.Ending,
        { IsLost: true } => VmPhase.Unknown,
        { IsReady: true } => VmPhase.Running,
        _ => VmPhase.Booting,
    };
}
