using System.Text;
using Hypeman.GuestAgent.Init;
using Hypeman.GuestAgent.Linux;
using Hypeman.GuestAgent.Programs;
using Hypeman.GuestProtocol.Boot;
using Hypeman.GuestProtocol.Channel;
using Hypeman.GuestProtocol.Framing;
using Hypeman.GuestProtocol.Messages;

namespace Hypeman.GuestAgent.Agent;

/// <summary>The process that serves the host: commands, copies, questions about paths, shutdown.</summary>
internal sealed class AgentProcess : IDisposable
{
    public const string Mode = "agent";

    /// <summary>The first character tells systemd to leave the process alone until the very end.</summary>
    public const string ProcessName = "@hypeman-agent";

    private const int DefaultShutdownSeconds = 5;
    private static readonly TimeSpan FlushPatience = TimeSpan.FromSeconds(1);

    private readonly InitLink _init;
    private readonly GuestProgram _program;
    private volatile IReadOnlyDictionary<string, string> _env;

    private AgentProcess(bool imageInit)
    {
        _init = new InitLink(imageInit);
        using var disk = File.OpenRead(Devices.Disk(DiskSerials.Config));
        var config = GuestBootConfigCodec.Decode(disk);
        _program = config.Program;
        _env = EnvOf(config.Hostname);
    }

    public static int Run(string[] args)
    {
        try
        {
            // Killing us for want of memory would only take away the way in.
            File.WriteAllText("/proc/self/oom_score_adj", "-999");
            using var agent = new AgentProcess(imageInit: args is [_, "init", ..]);
            agent.Serve();
            return 0;
        }
        catch (Exception e)
        {
            using var stderr = new Fd(2);
            stderr.TryWrite(Encoding.UTF8.GetBytes($"hypeman agent: {e}\n"));
            return 1;
        }
    }

    public void Dispose() => _init.Dispose();

    private void Serve()
    {
        using var port = new VirtioPort(Devices.Port(PortNames.Agent));
        _init.SayReady();
        while (true)
        {
            port.WaitForHost();
            new AgentChannel(port, Handle, Machine.Wake).Serve();
        }
    }

    private void Wake(WakeRequest wake)
    {
        Machine.Wake(new WakeMoment(wake.WallClock, wake.EntropySeed));
        if (wake.Identity is not { } identity)
            return;
        Machine.Become(identity);
        _env = EnvOf(identity.Hostname);
    }

    private IReadOnlyDictionary<string, string> EnvOf(string hostname) => ProgramEnvironment.Env(_program, hostname, "/root");

    private void Handle(GuestRequest request, AgentStream stream)
    {
        switch (request)
        {
            case ExecRequest exec:
                new ExecSession(exec, _env, stream).Run();
                break;
            case CopyToRequest copy:
                CopyTo.Run(copy, stream);
                break;
            case CopyFromRequest copy:
                CopyFrom.Run(copy, stream);
                break;
            case StatRequest stat:
                stream.Send(ContainerStat.Of(stat));
                break;
            case WakeRequest wake:
                Wake(wake);
                stream.Send(new DoneReply());
                break;
            case ShutdownRequest shutdown:
                stream.Send(new DoneReply());
                // The machine may be off before the answer is out.
                stream.Flush(FlushPatience);
                _init.AskShutdown(shutdown.TimeoutSeconds > 0 ? shutdown.TimeoutSeconds : DefaultShutdownSeconds);
                break;
        }
    }
}
