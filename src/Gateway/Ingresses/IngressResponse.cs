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
    IngressMatchResponse Match, IngressTargetResponse Target, bool Tls, bool RedirectHttp, IngressHeaderAuthResponse? RequestHeaderAuth, string Wake,
    WakeFilterResponse? WakeFilter)
{
    public static IngressRuleResponse From(IngressRule rule) => new(
        new IngressMatchResponse(rule.Hostname, rule.Port),
        new IngressTargetResponse(rule.TargetInstance, rule.TargetPort),
        rule.Tls,
        rule.RedirectHttp,
        rule.HeaderAuth is { } auth ? new IngressHeaderAuthResponse(auth.Header, IngressHeaderAuthResponse.Hidden) : null,
        Word(rule.Wake),
        rule.WakeFilter is { } filter ? new WakeFilterResponse(filter.OnlyPaths, filter.ExceptPaths, filter.ExceptUserAgents) : null);

    public static string Word(WakeOn wake) => wake switch
    {
        WakeOn.Standby => "standby",
        WakeOn.Stopped => "stopped",
        WakeOn.Never => "never",
    };
}

internal sealed record IngressMatchResponse(string Hostname, int Port);

internal sealed record IngressTargetResponse(string Instance, int Port);

internal sealed record WakeFilterResponse(
    IReadOnlyList<string> OnlyPaths, IReadOnlyList<string> ExceptPaths, IReadOnlyList<string> ExceptUserAgents);

internal sealed record IngressHeaderAuthResponse(string Header, string Value)
{
    /// <summary>As long as a value is at the least, which clients may check.</summary>
    public static string Hidden { get; } = new('*', HeaderSecret.ShortestValue);
}
