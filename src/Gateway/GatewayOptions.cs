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
}
