namespace Hypeman.NodeRuntime.Images.Peers;

/// <summary>
/// Other hosts that may have what this one lacks. They are asked before a registry is: they are nearer, and what was
/// pushed to the fleet is nowhere else. What they send is checked like anything else.
/// </summary>
public interface IBlobPeers
{
    /// <summary>Some hosts, the likely ones first; few, as each takes its time to say no.</summary>
    IAsyncEnumerable<IBlobPeer> FindAsync(BlobWish wish, CancellationToken cancellationToken);
}

/// <summary>A blob that is wanted, and what may help to find it.</summary>
/// <param name="Blob">A manifest, config or layer.</param>
/// <param name="Image">The manifest of the image that it is a part of.</param>
/// <param name="Repository">Of the image's name, without registry and tag.</param>
public sealed record BlobWish(Digest Blob, Digest Image, string Repository);

/// <summary>One other host.</summary>
public interface IBlobPeer
{
    /// <summary>For the log.</summary>
    string Name { get; }

    /// <summary>The blob from a byte on; null when it is not there.</summary>
    /// <exception cref="IOException">The host cannot be reached, or does not answer as it should.</exception>
    Task<Stream?> OpenAsync(Digest blob, long offset, CancellationToken cancellationToken);
}
