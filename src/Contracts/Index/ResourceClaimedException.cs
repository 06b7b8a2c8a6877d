namespace Hypeman.Contracts.Index;

/// <summary>A name or another claim (<c>host:port</c>) is held by another resource.</summary>
public sealed class ResourceClaimedException(string claim, string heldBy)
    : Exception($"'{claim}' is held by {heldBy}")
{
    public string Claim { get; } = claim;
    public string HeldBy { get; } = heldBy;
}
