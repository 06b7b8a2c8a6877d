using Hypeman.Contracts.Images;
using Hypeman.Grains.Records;

namespace Hypeman.Grains.Images;

/// <summary>Roots that nodes of this silo make because somebody else will need them. Asked for again, they tell how it went.</summary>
internal sealed class RootFetches(RootUsers roots)
{
    private readonly DetachedWork<(string Home, string Digest)> _fetches = new();

    /// <summary>Whether the root is there; false while it is being made.</summary>
    public Task<bool> IsDoneAsync(string home, ImageInfo image) =>
        _fetches.IsDoneAsync((home, image.Digest), () => roots.EnsureAsync(home, image, CancellationToken.None));
}
