using System.Globalization;
using System.Text;
using Hypeman.GuestAgent.Linux;
using Hypeman.GuestAgent.Programs;
using Hypeman.GuestProtocol.Boot;
using Hypeman.GuestProtocol.Events;

namespace Hypeman.GuestAgent.Init;

/// <summary>
/// Tells how the boot goes, twice: as events on their port for the host, as markers on the console for people and for
/// clients that read logs. Failing to tell never fails the boot.
/// </summary>
internal sealed class BootReport
{
    private const int PortPatienceMilliseconds = 30_000;
    private static readonly Fd Console = new(1);
    private Fd? _port;
    private long _boot;

    /// <summary>From here on events carry this number.</summary>
    public void Begin(long boot) => _boot = boot;

    public void ProgramStarted(string mode)
    {
        var now = DateTimeOffset.UtcNow;
        Print($"HYPEMAN-PROGRAM-START ts={Timestamp(now)} mode={mode}");
        Tell(new ProgramStarted(mode) { Boot = _boot, At = now });
    }

    public void AgentReady()
    {
        var now = DateTimeOffset.UtcNow;
        Print($"HYPEMAN-AGENT-READY ts={Timestamp(now)}");
        Tell(new AgentReady { Boot = _boot, At = now });
    }

    public void ProgramExited(int code, bool oom)
    {
        var message = ExitMessage.For(code, oom);
        Print(string.Create(CultureInfo.InvariantCulture, $"HYPEMAN-EXIT code={code} message=\"{message}\""));
        Tell(new ProgramExited(code, message, oom) { Boot = _boot, At = DateTimeOffset.UtcNow });
    }

    public void BootFailed(string message)
    {
        Print($"HYPEMAN-BOOT-FAILED message=\"{message}\"");
        Tell(new BootFailed(message) { Boot = _boot, At = DateTimeOffset.UtcNow });
    }

    /// <summary>RFC 3339 with nanoseconds, without the zeros at the end.</summary>
    private static string Timestamp(DateTimeOffset at) =>
        at.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    private static void Print(string line) => Console.TryWrite(Encoding.UTF8.GetBytes($"\n{line}\n"));

    /// <summary>
    /// Returns once the host has it: a write that does not wait only queues it, and a machine that powers off at once
    /// takes the queue with it.
    /// </summary>
    private void Tell(GuestEvent value)
    {
        try
        {
            _port ??= Fd.Open(Devices.Port(PortNames.Events), OpenFlags.WriteOnly);
            ReadOnlySpan<byte> line = GuestEventCodec.Encode(value);
            if (Fd.Wait(_port.Number, PollEvents.Out, PortPatienceMilliseconds) == PollEvents.Out)
                _port.WriteAll(line);
            else
                Print("init: cannot report to the host: it does not listen");
        }
        catch (Exception e)
        {
            Print($"init: cannot report to the host: {e.Message}");
        }
    }
}
