using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Ingresses;
using Hypeman.Grains.Certificates;
using Hypeman.Grains.Records;

namespace Hypeman.Grains.Ingresses;

/// <summary>
/// One ingress. It has no operation that takes time, so its row in the index, with its claims, is its whole record:
/// there is nothing that could disagree with it.
/// </summary>
[GrainType("ingress")]
internal sealed class IngressGrain(IResourceIndex index, CertificatePolicy certificates, ReservedHostname reserved, GrainClock clock) : Grain, IIngressGrain
{
    private string Id => this.GetPrimaryKeyString()[GrainKeys.IngressPrefix.Length..];

    public async Task<IngressInfo> CreateAsync(IngressSpec spec)
    {
        var kept = IngressRules.Check(spec, certificates, reserved);
        var info = new IngressInfo
        {
            Id = Id,
            Name = kept.Name,
            Rules = await Task.WhenAll(kept.Rules.Select(WithCanonicalTargetAsync)),
            Tags = kept.Tags,
            CreatedAt = clock.Now,
        };
        try
        {
            await index.InsertAsync(ToRow(info), [kept.Name, .. info.Rules.SelectMany(IngressRules.Claims)]);
        }
        catch (ResourceClaimedException taken)
        {
            throw taken.Claim == kept.Name
                ? new HypemanException(ErrorKind.Conflict, "already_exists", $"an ingress named '{kept.Name}' exists already")
                : new HypemanException(ErrorKind.Conflict, "hostname_in_use", $"{InUse(info, taken.Claim)} is used by another ingress");
        }
        // Nobody waits for it: the first caller over TLS would see to it as well.
        foreach (var name in certificates.NamesOf(info))
            GrainFactory.Certificate(name).EnsureAsync().Ignore();
        return info;
    }

    public async Task<IngressInfo> GetAsync() => ResourceSummary.Read<IngressInfo>(await RowAsync());

    public async Task DeleteAsync()
    {
        var row = await RowAsync();
        await index.DeleteAsync(ResourceKind.Ingress, row.Id);
        foreach (var name in certificates.NamesOf(ResourceSummary.Read<IngressInfo>(row)))
            GrainFactory.Certificate(name).ReleaseAsync().Ignore();
    }

    // In the words of whoever asked.
    private static string InUse(IngressInfo info, string claim)
    {
        var rule = info.Rules.First(rule => IngressRules.Claims(rule).Contains(claim));
        return $"{rule.Hostname}:{claim[(claim.LastIndexOf(':') + 1)..]}";
    }

    private async Task<ResourceRow> RowAsync() =>
        await index.GetAsync(ResourceKind.Ingress, Id) ?? throw HypemanException.NotFound();

    // Whom a pattern leads to is known when a request comes.
    private async Task<IngressRule> WithCanonicalTargetAsync(IngressRule rule)
    {
        if (!HostPattern.Parse(rule.Hostname).IsLiteral)
            return rule;
        var found = await index.FindAsync(ResourceKind.Instance, rule.TargetInstance, allowPrefix: true);
        return found switch
        {
            [var instance] => rule with { TargetInstance = instance.Name },
            [] => throw HypemanException.Invalid("instance_not_found", $"there is no instance '{rule.TargetInstance}'"),
            _ => throw new HypemanException(ErrorKind.Ambiguous, "ambiguous", "multiple resources match, use full ID"),
        };
    }

    private static ResourceRow ToRow(IngressInfo info) => new()
    {
        Kind = ResourceKind.Ingress,
        Id = info.Id,
        Name = info.Name,
        Tags = info.Tags,
        State = "Active",
        Summary = ResourceSummary.Write(info),
        Version = 1,
        CreatedAt = info.CreatedAt,
    };
}
