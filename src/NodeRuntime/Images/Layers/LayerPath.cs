namespace Hypeman.NodeRuntime.Images.Layers;

/// <summary>
/// Names inside a layer in one form: parts joined by '/', relative to the root of the image, which is the empty name.
/// </summary>
internal static class LayerPath
{
    /// <exception cref="InvalidDataException">The name leaves the root, or no Linux could hold it.</exception>
    public static string Normalize(string raw)
    {
        if (raw.Length > ImageLimits.PathBytes)
            throw new InvalidDataException($"name {ByteText.Show(raw)} is longer than {ImageLimits.PathBytes} bytes");
        if (raw.Contains('\0'))
            throw new InvalidDataException($"name {ByteText.Show(raw)} has a zero byte in it");

        var parts = new List<string>();
        foreach (var part in raw.Split('/'))
        {
            if (part is "" or ".")
                continue;
            if (part == "..")
                throw new InvalidDataException($"name {ByteText.Show(raw)} has '..' in it");
            if (part.Length > ImageLimits.NameBytes)
                throw new InvalidDataException($"a part of name {ByteText.Show(raw)} is longer than {ImageLimits.NameBytes} bytes");
            parts.Add(part);
        }
        return string.Join('/', parts);
    }

    public static (string Parent, string Name) Split(string path)
    {
        var slash = path.LastIndexOf('/');
        return slash < 0 ? ("", path) : (path[..slash], path[(slash + 1)..]);
    }
}
