using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Instances.Policies;

namespace Hypeman.Grains.Instances.Health;

/// <summary>Which checks an instance can have. Pure.</summary>
internal static class HealthRules
{
    /// <exception cref="HypemanException"><c>invalid_health_check</c>: nothing of that kind could ever reach it.</exception>
    public static void Check(InstanceSpec spec)
    {
        switch (spec.HealthCheck?.Kind)
        {
            case HealthCheckKind.Http or HealthCheckKind.Tcp when !spec.NetworkEnabled:
                throw Invalid("http and tcp need the network of the instance, which is not enabled; use exec");
            case HealthCheckKind.Exec when spec.SkipGuestAgent:
                throw Invalid("exec needs the guest agent, which skip_guest_agent leaves out; use http or tcp");
        }
    }

    private static HypemanException Invalid(string why) => HypemanException.Invalid("invalid_health_check", $"health_check.type: {why}");
}
