using System.Collections.Immutable;
using Hypeman.Contracts.Ingresses;

namespace Hypeman.Ingress.Listening;

/// <summary>
/// Which ports to listen on. Rules for port 80 are served on the default port wherever that is, those for 443 on the TLS port;
/// every other port of a rule is opened as itself.
/// </summary>
/// <param name="DefaultPort">Always open.</param>
/// <param name="TlsPort">Open when a rule is for 443.</param>
internal readonly record struct PortPlan(int DefaultPort, int TlsPort)
{
    /// <summary>The ports to have open besides the default one; the lowest ones when there are more than allowed.</summary>
    public ImmutableSortedSet<int> ExtraPorts(IEnumerable<int> rulePorts, int max)
    {
        var (plan, known) = (this, new[] { DefaultPort, TlsPort });
        var others = rulePorts.Where(port => port is > 0 and <= 65535 and not IngressRule.HttpPort).ToList();
        return [.. others.Where(port => port == IngressRule.HttpsPort || !known.Contains(port)).Select(plan.LocalPort).Order().Take(max)];
    }

    /// <summary>The port whose rules are served to a connection that came in on <paramref name="localPort"/>.</summary>
    public int RulePort(int localPort) =>
        localPort == DefaultPort ? IngressRule.HttpPort : localPort == TlsPort ? IngressRule.HttpsPort : localPort;

    private int LocalPort(int rulePort) => rulePort == IngressRule.HttpsPort ? TlsPort : rulePort;
}
