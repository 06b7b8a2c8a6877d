using Hypeman.NodeRuntime.Networks;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>Who uses a VM. What is only there to watch it, as the probes of its health, is left out.</summary>
/// <param name="Flows">TCP connections to it, of which some may just have ended.</param>
/// <param name="Sessions">Open ones with its agent.</param>
/// <param name="SessionAt">When a session was last open, since this process began; null when none was.</param>
/// <param name="KeptAt">What was last given to <see cref="IVmHost.KeepActivity"/>; null when nothing was.</param>
public sealed record VmActivity(IReadOnlyList<VmFlow> Flows, int Sessions, DateTimeOffset? SessionAt, DateTimeOffset? KeptAt)
{
    public static VmActivity None { get; } = new([], 0, null, null);
}
