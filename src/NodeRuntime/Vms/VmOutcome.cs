using Hypeman.GuestProtocol.Events;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>How a run ended, from what the guest reported before it went.</summary>
internal static class VmOutcome
{
    /// <summary>The record of a VM that is over, without a word of how it ended. Its memory is of no more use.</summary>
    internal static VmRecord Stopped(VmRecord record, DateTimeOffset at) => record with
    {
        Stage = VmStage.Stopped,
        Process = null,
        Generation = null,
        Saved = null,
        ExitedAt = at,
        ExitCode = null,
        ExitMessage = null,
    };

    /// <summary>The record of a VM whose process is gone.</summary>
    /// <param name="wasAsked">We ended it, so that the guest left no word is no surprise.</param>
    internal static VmRecord Of(VmRecord record, IReadOnlyList<GuestEvent> events, bool wasAsked, DateTimeOffset at)
    {
        var stopped = Stopped(record, at);
        if (events.OfType<ProgramExited>().LastOrDefault() is { } exited)
            return stopped with { ExitCode = exited.Code, ExitMessage = exited.Message };
        if (events.OfType<BootFailed>().LastOrDefault() is { } failed)
            return stopped with { Error = $"The guest could not start its program: {failed.Message}" };
        if (wasAsked)
            return stopped;
        return stopped with
        {
            Error = events.OfType<ProgramStarted>().Any()
                ? "The hypervisor ended while the program ran; the logs of the hypervisor and of the console may say why."
                : "The guest ended before it started its program; its console log may say why.",
        };
    }
}
