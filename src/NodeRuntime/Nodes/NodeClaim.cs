using Hypeman.NodeRuntime.Linux;

namespace Hypeman.NodeRuntime.Nodes;

/// <summary>
/// A data directory, held by this process, and the identity that is kept in it. It is there before the node starts,
/// because the silo takes its name from it.
/// </summary>
public sealed class NodeClaim : IDisposable
{
    private readonly FileLock _held;

    /// <exception cref="Errors.NodeException">Invalid: another process holds it, or it cannot be made.</exception>
    public NodeClaim(string dataDirectory)
    {
        Layout = new DataLayout(dataDirectory);
        _held = Layout.Claim();
        try
        {
            NodeId = NodeIdentity.Ensure(Layout);
        }
        catch
        {
            _held.Dispose();
            throw;
        }
    }

    public DataLayout Layout { get; }
    public string NodeId { get; }

    public void Dispose() => _held.Dispose();
}
