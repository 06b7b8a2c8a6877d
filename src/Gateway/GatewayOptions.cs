namespace Hypeman.Gateway;

/// <summary>How the REST API behaves.</summary>
public sealed class GatewayOptions
{
    /// <summary>The secret that API tokens are signed with. Empty, the server runs but refuses every token.</summary>
    public string JwtSecret { get; set; } = "";

    /// <summary>The largest body of a request in bytes, uploads to the registry excepted. Larger ones get a 413.</summary>
    public long MaxRequestBodyBytes { get; set; } = 10 * 1024 * 1024;

    /// <summary>
    /// How long a call waits for an instance to start, stop or go away before it answers 504. The official client
    /// gives up after 60 s; the work goes on either way.
    /// </summary>
    public TimeSpan OperationTimeout { get; set; } = TimeSpan.FromSeconds(55);

    /// <summary>The most virtual CPUs one instance may have.</summary>
    public int MaxVcpusPerInstance { get; set; } = 16;

    /// <summary>The most memory one instance may have, hot-plugged included, in bytes.</summary>
    public long MaxMemoryBytesPerInstance { get; set; } = 32L << 30;

    /// <summary>The largest overlay disk of an instance, in bytes.</summary>
    public long MaxOverlayBytes { get; set; } = 100L << 30;
}
