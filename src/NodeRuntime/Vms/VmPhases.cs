namespace Hypeman.NodeRuntime.Vms;

/// <summary>What is known of a VM that has a process.</summary>
/// <param name="IsOverdue">The boot deadline has passed.</param>
/// <param name="IsLost">The hypervisor does not answer, or not as it should.</param>
internal readonly record struct VmSigns(
    bool IsEnding, bool ProgramStarted, bool AgentAnswered, bool SkipsAgent, bool IsOverdue, bool IsLost)
{
    /// <summary>We have halted it, to save its memory.</summary>
    internal bool IsPaused { get; init; }

    /// <summary>All that an owner waits for has happened.</summary>
    internal bool IsReady => ProgramStarted && (AgentAnswered || SkipsAgent);
}

internal static class VmPhases
{
    /// <summary>The phase of a VM with a process. A guest that is ready late is ready all the same.</summary>
    internal static VmPhase Of(VmSigns signs) => signs switch
    {
        { IsEnding: true } => VmPhase.Ending,
        { IsPaused: true } => VmPhase.Paused,
        { IsLost: true } => VmPhase.Unknown,
        { IsReady: true } => VmPhase.Running,
        { IsOverdue: true } => VmPhase.Unknown,
        _ => VmPhase.Booting,
    };

    /// <summary>It will be something else soon, by itself.</summary>
    internal static bool IsPassing(VmPhase phase) => phase is VmPhase.Booting or VmPhase.Paused;

    /// <summary>Why a guest that is overdue is; for its owner.</summary>
    internal static string WhyOverdue(VmSigns signs, TimeSpan deadline) =>
        $"The guest {(signs.ProgramStarted ? "agent did not answer" : "did not start its program")} within "
        + $"{deadline.TotalSeconds:0} s; its console log may say why.";
}
