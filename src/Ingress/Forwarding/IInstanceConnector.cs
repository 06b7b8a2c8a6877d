namespace Hypeman.Ingress.Forwarding;

/// <summary>
/// The way to a port of an instance, wherever it lives. Implemented by the composition root: sockets are made inside
/// the network namespace of the instance's node.
/// </summary>
public interface IInstanceConnector
{
    /// <summary>Opens a TCP connection; the caller owns the stream.</summary>
    /// <param name="instanceId">Of the instance.</param>
    /// <param name="home">The node the instance lives on.</param>
    /// <param name="port">Of the instance.</param>
    /// <param name="keepsAwake">Whether what comes over it keeps the instance from being put to sleep by itself.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InstanceElsewhereException">It does not run there.</exception>
    /// <exception cref="TimeoutException">Nothing answered in time.</exception>
    /// <exception cref="IOException">The instance, its port or its node cannot be reached.</exception>
    Task<Stream> ConnectAsync(string instanceId, string home, int port, bool keepsAwake, CancellationToken cancellationToken);
}

/// <summary>The instance does not run where it was looked for, so nothing has reached it: what was known of it is behind.</summary>
public sealed class InstanceElsewhereException(string message) : IOException(message);
