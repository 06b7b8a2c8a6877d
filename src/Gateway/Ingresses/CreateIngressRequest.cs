using Hypeman.Contracts.Ingresses;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Ingresses;

/// <summary>The body of POST /ingresses.</summary>
internal static class CreateIngressRequest
{
    private const int DefaultPort = 80;
    private const int MaxPort = 65535;

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
        if (fields.Raw("request_header_auth") is not null)
            fields.Problems.Add("not_supported", fields.PathOf("request_header_auth"),
                "is not supported by this server yet; leave it out");
        return new IngressRule
        {
            Hostname = match?.RequiredString("hostname") ?? "",
            Port = match?.Int("port", 1, MaxPort) ?? DefaultPort,
            TargetInstance = target?.RequiredString("instance") ?? "",
            TargetPort = target?.RequiredInt("port", 1, MaxPort) ?? 0,
            Tls = fields.Bool("tls", false),
            RedirectHttp = fields.Bool("redirect_http", false),
        };
    }
}
