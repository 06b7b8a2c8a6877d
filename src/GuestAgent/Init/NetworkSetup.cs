using System.Net;
using Hypeman.GuestAgent.Linux;
using Hypeman.GuestProtocol.Boot;

namespace Hypeman.GuestAgent.Init;

/// <summary>Brings the network up while init mounts the root.</summary>
internal sealed class NetworkSetup
{
    private readonly Thread _thread;
    private Exception? _failure;

    private NetworkSetup(GuestNetwork? network, Action loadModules)
    {
        _thread = new Thread(() => Run(network, loadModules));
        _thread.Start();
    }

    /// <param name="loadModules">Called only when there is a network to set up.</param>
    public static NetworkSetup Begin(GuestNetwork? network, Action loadModules) => new(network, loadModules);

    /// <summary>Waits until it is up.</summary>
    /// <exception cref="InvalidOperationException">It could not be brought up.</exception>
    public void Finish()
    {
        _thread.Join();
        if (_failure is not null)
            throw new InvalidOperationException($"The network cannot be set up: {_failure.Message}", _failure);
    }

    /// <summary>
    /// Gives the interface of a running machine other addresses. What the machine sends from its old ones until then is
    /// dropped by the host.
    /// </summary>
    /// <returns>Whether it had others.</returns>
    public static bool Change(GuestNetwork network)
    {
        using var netlink = new RouteNetlink();
        var (name, ip) = (Devices.NetworkInterface(), IPAddress.Parse(network.Ip));
        if (Devices.HardwareAddress(name) == network.Mac && ip.Equals(InterfaceAddress.Find(name)))
            return false;
        netlink.Down(name);
        netlink.SetHardwareAddress(name, network.Mac);
        while (InterfaceAddress.Find(name) is { } old && !old.Equals(ip))
            netlink.RemoveAddress(name, old);
        Begin(netlink, name, network);
        return true;
    }

    private void Run(GuestNetwork? network, Action loadModules)
    {
        try
        {
            using var netlink = new RouteNetlink();
            netlink.Up("lo");
            if (network is null)
                return;
            loadModules();
            Begin(netlink, Devices.NetworkInterface(network.Mac), network);
        }
        catch (Exception e)
        {
            _failure = e;
        }
    }

    private static void Begin(RouteNetlink netlink, string name, GuestNetwork network)
    {
        netlink.Up(name);
        netlink.AddAddress(name, IPAddress.Parse(network.Ip), network.Prefix);
        if (network.Gateway is { } gateway)
            netlink.AddDefaultRoute(name, IPAddress.Parse(gateway));
    }
}
