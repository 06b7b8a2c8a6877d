using System.Net;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Instances.Policies;

/// <summary>The object <c>auto_standby</c>.</summary>
internal static class AutoStandbyFields
{
    private const string Code = "invalid_auto_standby";
    private const int HighestPort = 65535, MostEntries = 256;

    private static readonly TimeSpan LeastTimeout = TimeSpan.FromMilliseconds(1);

    /// <summary>Null when it is left out.</summary>
    public static AutoStandbyPolicy? Read(FieldReader fields)
    {
        if (fields.Object("auto_standby") is not { } policy)
            return null;
        var isEnabled = policy.Bool("enabled", otherwise: false);
        if (isEnabled && !policy.Has("idle_timeout"))
            policy.Problems.Add(Code, policy.PathOf("idle_timeout"), "is required when auto_standby is enabled, for example \"5m\"");
        var timeout = DurationField.Read(policy, "idle_timeout", Code, isEnabled ? LeastTimeout : TimeSpan.Zero);
        return new AutoStandbyPolicy
        {
            Enabled = isEnabled,
            IdleTimeout = timeout ?? TimeSpan.Zero,
            IgnoredSources = Sources(policy),
            IgnoredPorts = Ports(policy),
        };
    }

    private static IReadOnlyList<string> Sources(FieldReader policy)
    {
        const string name = "ignore_source_cidrs";
        var networks = new List<IPNetwork>();
        var texts = policy.Strings(name) ?? [];
        foreach (var (text, index) in texts.Select((text, index) => (text, index)))
            if (Cidr.TryParse(text, out var network, out var problem))
                networks.Add(network);
            else
                policy.Problems.Add(Code, $"{policy.PathOf(name)}[{index}]", problem);
        RefuseMany(policy, name, texts.Count);
        return
        [
            .. networks.Distinct().OrderBy(network => network.BaseAddress.AddressFamily)
                .ThenBy(network => Convert.ToHexString(network.BaseAddress.GetAddressBytes()), StringComparer.Ordinal)
                .ThenBy(network => network.PrefixLength).Select(network => network.ToString()),
        ];
    }

    private static IReadOnlyList<int> Ports(FieldReader policy)
    {
        const string name = "ignore_destination_ports";
        var ports = policy.Ints(name, 1, HighestPort) ?? [];
        RefuseMany(policy, name, ports.Count);
        return [.. ports.Distinct().Order()];
    }

    private static void RefuseMany(FieldReader policy, string name, int count)
    {
        if (count > MostEntries)
            policy.Problems.Add(Code, policy.PathOf(name), $"has {count} entries; there may be {MostEntries}");
    }
}
