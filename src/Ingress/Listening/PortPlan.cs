using System.Collections.Immutable;

namespace Hypeman.Ingress.Listening;

/// <summary>
/// Which ports to listen on. Rules for port 80 are served on the default port wherever that is; every other port of
/// a rule is opened as itself.
/// </summary>
internal static class PortPlan
{
    public const int DefaultRulePort = 80;

    /// <summary>The ports to have open besides the default one; the lowest ones when there are more than allowed.</summary>
    public static ImmutableSortedSet<int> ExtraPorts(IEnumerable<int> rulePorts, int defaultPort, int max) =>
        [.. rulePorts.Where(port => port is > 0 and <= 65535 && port != DefaultRulePort && port != defaultPort).Order().Take(max)];

    /// <summary>The port whose rules are served to a connection that came in on <paramref name="localPort"/>.</summary>
    public static int RulePort(int localPort, int defaultPort) => localPort == defaultPort ? DefaultRulePort : localPort;
}
