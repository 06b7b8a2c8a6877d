namespace Hypeman.Contracts.Index;

/// <summary>A row that was added or changed (<c>Row</c>), or an id that is gone (<c>Row</c> null), or the mark <c>Synced</c>.</summary>
public sealed record ResourceChange(ResourceKind? Kind, string? Id, ResourceRow? Row)
{
    /// <summary>All rows that were there when the watch began have been told.</summary>
    public static ResourceChange Synced { get; } = new(null, null, null);
}
