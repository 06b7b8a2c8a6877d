namespace Hypeman.Client.Instances;

/// <summary>A file of the guest, as it begins to arrive.</summary>
public sealed record GuestEntry(string Path, bool IsDirectory, string? LinkTarget, uint Mode, long Size, DateTimeOffset? ModifiedAt);
