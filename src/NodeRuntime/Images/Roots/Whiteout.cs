namespace Hypeman.NodeRuntime.Images.Roots;

/// <summary>How a layer says that a name of the layers below is gone: by an empty file with a special name.</summary>
internal static class Whiteout
{
    private const string Prefix = ".wh.";
    private const string ReservedPrefix = ".wh..wh.";
    private const string OpaqueName = ".wh..wh..opq";

    /// <summary>Hides all that the layers below have in this directory.</summary>
    public static bool IsOpaqueMark(string name) => name == OpaqueName;

    /// <summary>Bookkeeping of old storage drivers, which is not part of the image.</summary>
    public static bool IsReserved(string path) => path.StartsWith(ReservedPrefix, StringComparison.Ordinal);

    /// <summary>The name that is hidden; null when this is an ordinary file.</summary>
    /// <exception cref="InvalidDataException">It hides nothing that could be a name.</exception>
    public static string? HiddenName(string name)
    {
        if (!name.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        var hidden = name[Prefix.Length..];
        return hidden is "" or "." or ".."
            ? throw new InvalidDataException($"whiteout {ByteText.Show(name)} hides no name")
            : hidden;
    }
}
