using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Silo.Cluster;

/// <summary>
/// The port at which other silos reach this one. It is kept, because a silo that comes back under the address it had
/// takes its own place in the cluster at once, instead of waiting until its former self counts as dead.
/// </summary>
internal static class SiloPort
{
    private const string FileName = "silo-port";

    /// <param name="dataDirectory">Claimed by this process.</param>
    public static int Choose(string dataDirectory, IPAddress address)
    {
        var file = Path.Combine(dataDirectory, FileName);
        if (File.Exists(file)
            && int.TryParse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var kept)
            && kept is > 0 and <= IPEndPoint.MaxPort
            && IsFree(address, kept))
            return kept;

        var port = Find(address);
        AtomicFile.Write(file, $"{port}\n");
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

    private static int Find(IPAddress address)
    {
        using var listener = new TcpListener(address, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
