namespace Hypeman.Cli.Instances;

/// <summary>One side of a copy: a path here (no instance) or in an instance.</summary>
internal sealed record CopyPlace(string? Instance, string Path)
{
    /// <summary><c>web:/etc/hosts</c> is in an instance; what begins with a dot or a slash is here, colons and all.</summary>
    public static CopyPlace Parse(string text)
    {
        var colon = text.IndexOf(':');
        return colon <= 0 || text[0] is '.' or '/' or '~' || text.IndexOf('/') is var slash && slash >= 0 && slash < colon
            ? new CopyPlace(null, text)
            : new CopyPlace(text[..colon], text.Length > colon + 1 ? text[(colon + 1)..] : "/");
    }
}
