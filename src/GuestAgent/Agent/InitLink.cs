using System.Globalization;
using System.Text;
using Hypeman.GuestAgent.Linux;

namespace Hypeman.GuestAgent.Agent;

/// <summary>What the agent says to PID 1: over the socket while that is ours, by signals once it is the image's init.</summary>
internal sealed class InitLink(bool imageInit) : IDisposable
{
    /// <summary>The descriptor on which the agent finds the socket.</summary>
    public const int Descriptor = 3;

    public const string Ready = "ready";

    /// <summary>Followed by seconds.</summary>
    public const string Shutdown = "shutdown";

    private const int SystemdPowerOff = SignalNumbers.RealTimeMin + 4;
    private readonly Fd _socket = new(Descriptor);

    public void Dispose() => _socket.Dispose();

    public void SayReady() => _socket.TryWrite(Encoding.ASCII.GetBytes(Ready));

    public void AskShutdown(int seconds)
    {
        if (imageInit)
        {
            // BusyBox's init and its kind take SIGUSR2 for a power off; systemd has a signal of its own.
            Libc.Kill(1, Directory.Exists("/run/systemd/system") ? SystemdPowerOff : SignalNumbers.User2);
            return;
        }
        _socket.TryWrite(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Shutdown} {seconds}")));
    }
}
