using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Silo.Cluster;

/// <summary>
/// The ports at which others of the fleet reach this process. They are kept, because a silo that comes back under the
/// address it had takes its own place in the cluster at once, instead of waiting until its former self counts as dead.
/// </summary>
/// <param name="dataDirectory">Claimed by this process.</param>
/// <param name="address">At which the ports are.</param>
internal sealed class KeptPorts(string dataDirectory, IPAddress address)
{
    public const string Silo = "silo-port";
    public const string Gateway = "gateway-port";
    public const string Peer = "peer-port";

    private readonly HashSet<int> _chosen = [];

    /// <param name="name">What for; also the name of the file.</param>
    /// <param name="configured">The one to take; 0 for the kept one, or a free one that is kept from now on.</param>
    public int Choose(string name, int configured)
    {
        var port = configured > 0 ? configured : Read(name) ?? Find(name);
        _chosen.Add(port);
        return port;
    }

    public static bool IsFree(IPAddress address, int port)
    {
        using var listener = new TcpListener(address, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private int? Read(string name)
    {
        var file = Path.Combine(dataDirectory, name);
        return File.Exists(file)
            && int.TryParse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var kept)
            && kept is > 0 and <= IPEndPoint.MaxPort
            && !_chosen.Contains(kept)
            && IsFree(address, kept)
            ? kept
            : null;
    }

    private int Find(string name)
    {
        int port;
        do
        {
            using var listener = new TcpListener(address, 0);
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        while (_chosen.Contains(port));
        AtomicFile.Write(Path.Combine(dataDirectory, name), $"{port}\n");
        return port;
    }
}
