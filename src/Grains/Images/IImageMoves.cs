namespace Hypeman.Grains.Images;

/// <summary>The side of an image grain that only the drain of its node calls.</summary>
[Alias("hypeman.image-moves")]
internal interface IImageMoves : IGrainWithStringKey
{
    /// <summary>
    /// Makes another node its home, which holds the root of <paramref name="digest"/>. False: it points elsewhere by now, or
    /// something is under way.
    /// </summary>
    [Alias("Move")] Task<bool> MoveAsync(string target, string digest);
}
