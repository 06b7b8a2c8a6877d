using Hypeman.Contracts.Ingresses;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Ingresses;

/// <summary>The body of POST /ingresses.</summary>
internal static class CreateIngressRequest
{
    private const int MaxPort = 65535;

    private static readonly IReadOnlyDictionary<string, WakeOn> Wakes = Enum.GetValues<WakeOn>().ToDictionary(IngressRuleResponse.Word);

    public static IngressSpec Read(FieldReader fields)
    {
        var rules = fields.Objects("rules");
        if (rules is not { Count: > 0 })
            fields.Problems.AddSchema("rules", "must be a list of at least one rule");
        return new IngressSpec
        {
            Name = ResourceName.FromBody(fields),
            Rules = rules?.Select(ReadRule).ToList() ?? [],
            Tags = Tags.FromBody(fields),
        };
    }

    private static IngressRule ReadRule(FieldReader fields)
    {
        var match = fields.RequiredObject("match");
        var target = fields.RequiredObject("target");
        var tls = fields.Bool("tls", false);
        return new IngressRule
        {
            Hostname = match?.RequiredString("hostname") ?? "",
            Port = match?.Int("port", 1, MaxPort) ?? (tls ? IngressRule.HttpsPort : IngressRule.HttpPort),
            TargetInstance = target?.RequiredString("instance") ?? "",
            TargetPort = target?.RequiredInt("port", 1, MaxPort) ?? 0,
            Tls = tls,
            RedirectHttp = fields.Bool("redirect_http", false),
            HeaderAuth = ReadHeaderAuth(fields),
            Wake = fields.Word("wake", Wakes) ?? WakeOn.Standby,
            WakeFilter = fields.Object("wake_filter") is { } filter ? ReadFilter(filter) : null,
        };
    }

    private static WakeFilter ReadFilter(FieldReader fields) => new()
    {
        OnlyPaths = fields.Strings("only_paths") ?? [],
        ExceptPaths = fields.Strings("except_paths") ?? [],
        ExceptUserAgents = fields.Strings("except_user_agents") ?? [],
    };

    // The value itself goes no further than here.
    private static HeaderSecret? ReadHeaderAuth(FieldReader fields)
    {
        if (fields.Object("request_header_auth") is not { } auth)
            return null;
        var (header, value) = (auth.RequiredString("header"), auth.RequiredString("value"));
        if (value is { Length: < HeaderSecret.ShortestValue or > HeaderSecret.LongestValue })
            fields.Problems.AddSchema(
                auth.PathOf("value"), $"must be {HeaderSecret.ShortestValue} to {HeaderSecret.LongestValue} characters, but is {value.Length}");
        return header is null || value is null ? null : HeaderSecret.Of(header, value);
    }
}
