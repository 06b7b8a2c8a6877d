using Hypeman.Contracts.Ingresses;
using Hypeman.Gateway.Values;

namespace Hypeman.Gateway.Ingresses;

internal sealed record IngressResponse
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
    public required IReadOnlyList<IngressRuleResponse> Rules { get; init; }
    public required DateTime CreatedAt { get; init; }

    public static IngressResponse From(IngressInfo info) => new()
    {
        Id = info.Id,
        Name = info.Name,
        Tags = info.Tags.NullIfEmpty(),
        Rules = info.Rules.Select(IngressRuleResponse.From).ToList(),
        CreatedAt = info.CreatedAt.UtcDateTime,
    };
}

internal sealed record IngressRuleResponse(
    IngressMatchResponse Match, IngressTargetResponse Target, bool Tls, bool RedirectHttp)
{
    public static IngressRuleResponse From(IngressRule rule) => new(
        new IngressMatchResponse(rule.Hostname, rule.Port),
        new IngressTargetResponse(rule.TargetInstance, rule.TargetPort),
        rule.Tls,
        rule.RedirectHttp);
}

internal sealed record IngressMatchResponse(string Hostname, int Port);

internal sealed record IngressTargetResponse(string Instance, int Port);
