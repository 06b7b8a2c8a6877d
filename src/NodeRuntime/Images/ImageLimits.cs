namespace Hypeman.NodeRuntime.Images;

/// <summary>What no honest image reaches. They are not for operators; those are in <see cref="ImageOptions"/>.</summary>
internal static class ImageLimits
{
    public const int ManifestBytes = 4 << 20;
    public const int ConfigBytes = 8 << 20;

    /// <summary>Overlayfs stops at 500, builders at 127.</summary>
    public const int Layers = 256;

    /// <summary>One pax header, long name or long link of a tar.</summary>
    public const int ExtendedHeaderBytes = 1 << 20;

    public const int SparseRuns = 1 << 20;

    /// <summary>PATH_MAX and NAME_MAX of Linux; a longer one could not be opened in the guest.</summary>
    public const int PathBytes = 4096;

    public const int NameBytes = 255;

    /// <summary>As many as Linux follows for one path.</summary>
    public const int SymlinkHops = 40;

    /// <summary>Steps of path look-ups over a whole image; chains of links could make them unbounded.</summary>
    public const long LookupSteps = 500_000_000;

    /// <summary>The ratio of expansion is looked at from here on: a small file of zeros is no attack.</summary>
    public const long RatioFromBytes = 1L << 30;

    public const int XattrValueBytes = ushort.MaxValue;
    public const int XattrsBytes = 128 << 10;
}
