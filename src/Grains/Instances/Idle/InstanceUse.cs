using Hypeman.Contracts.Instances.Policies;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Grains.Instances.Idle;

/// <summary>Of what a node sees of those who use an instance, what counts by its policy. Pure.</summary>
/// <param name="Connections">Open ones, with sessions of the guest agent.</param>
/// <param name="LastAt">When there last was one; null when that is not known.</param>
internal readonly record struct InstanceUse(int Connections, DateTimeOffset? LastAt)
{
    public static InstanceUse Of(IgnoredTraffic ignored, VmActivity activity, DateTimeOffset now)
    {
        var (open, last) = (activity.Sessions, Later(activity.SessionAt, activity.KeptAt));
        foreach (var flow in activity.Flows)
        {
            if (ignored.Covers(flow.Port) || ignored.Covers(flow.Source))
                continue;
            open += flow.IsOpen ? 1 : 0;
            last = Later(last, flow.SeenAt == DateTimeOffset.MinValue ? null : flow.SeenAt);
        }
        return new InstanceUse(open, open > 0 ? now : last);
    }

    public static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => one > other ? one : other ?? one;
}
