using System.Globalization;
using System.Text;
using Hypeman.GuestAgent.Agent;
using Hypeman.GuestAgent.Linux;

namespace Hypeman.GuestAgent.Init;

/// <summary>
/// The agent as a process of its own, so that its failure is not the machine's. It talks to init over a socket: that
/// it is ready, and that the host wants a shutdown.
/// </summary>
internal sealed class AgentChild
{
    /// <summary>An agent that keeps failing is not started for ever.</summary>
    private const int MaxStarts = 10;

    private readonly bool _isInit;
    private readonly InitInbox _inbox;
    private int _starts;

    private AgentChild(bool isInit, InitInbox inbox)
    {
        _isInit = isInit;
        _inbox = inbox;
        StartAgain();
    }

    public int Pid { get; private set; }

    /// <param name="isInit">The program will take over PID 1: the agent then asks it, not us, for a shutdown.</param>
    public static AgentChild Start(bool isInit, InitInbox inbox) => new(isInit, inbox);

    public void StartAgain()
    {
        if (_starts++ >= MaxStarts)
            return;
        var (ours, theirs) = SocketPair();
        using (theirs)
            Pid = Spawn.Start(Spawn.Self, [AgentProcess.ProcessName, AgentProcess.Mode, _isInit ? "init" : "exec"], -1, -1, -1, theirs.Number);
        _inbox.ChildStarted();
        new Thread(() => Listen(ours)) { IsBackground = true }.Start();
    }

    private void Listen(Fd socket)
    {
        using (socket)
        {
            Span<byte> message = stackalloc byte[64];
            while (socket.TryRead(message) is > 0 and var count)
            {
                var words = Encoding.ASCII.GetString(message[..count]).Split(' ');
                if (words[0] == InitLink.Ready)
                    _inbox.Add(new AgentIsReady());
                else if (words[0] == InitLink.Shutdown && int.TryParse(words[^1], CultureInfo.InvariantCulture, out var seconds))
                    _inbox.Add(new ShutdownAsked(TimeSpan.FromSeconds(seconds)));
            }
        }
    }

    private static unsafe (Fd Ours, Fd Theirs) SocketPair()
    {
        const int unix = 1, packetsCloseOnExec = 5 | 0x80000;
        var ends = stackalloc int[2];
        LinuxException.Check(Libc.SocketPair(unix, packetsCloseOnExec, 0, ends), "socket pair");
        return (new Fd(ends[0]), new Fd(ends[1]));
    }
}
