using System.Diagnostics;
using Hypeman.GuestAgent.Linux;
using Hypeman.GuestAgent.Programs;
using Hypeman.GuestProtocol.Boot;

namespace Hypeman.GuestAgent.Init;

/// <summary>Runs the program to its end, as <c>docker run</c> would.</summary>
internal static class ProgramSupervisor
{
    /// <summary>What reporting, syncing and powering off may take of the time for a stop.</summary>
    private static readonly TimeSpan Reserve = TimeSpan.FromMilliseconds(500);

    /// <returns>The program's exit code.</returns>
    public static int Run(GuestBootConfig config, AgentChild? agent, InitInbox inbox, BootReport report)
    {
        var program = Start(config);
        inbox.ChildStarted();
        report.ProgramStarted("exec");

        long? killAt = null;
        while (true)
        {
            switch (inbox.Take(killAt is { } at ? Left(at) : Timeout.InfiniteTimeSpan))
            {
                case ChildExited exited when exited.Pid == program:
                    return exited.ExitCode;
                case ChildExited exited when exited.Pid == agent?.Pid:
                    agent.StartAgain();
                    break;
                case SignalCame signal:
                    Libc.Kill(program, signal.Number);
                    break;
                case ShutdownAsked asked:
                    Libc.Kill(program, Signals.Parse(config.Program.StopSignal));
                    var grace = asked.Timeout > Reserve ? asked.Timeout - Reserve : TimeSpan.Zero;
                    killAt ??= Stopwatch.GetTimestamp() + (long)(grace.TotalSeconds * Stopwatch.Frequency);
                    break;
                case null:
                    Libc.Kill(program, SignalNumbers.Kill);
                    killAt = null;
                    break;
            }
        }
    }

    private static int Start(GuestBootConfig config)
    {
        using var nothing = Fd.Open("/dev/null", OpenFlags.ReadOnly);
        return ProgramEnvironment.Spec(config.Program, config.Hostname).Start(nothing.Number, 1, 2);
    }

    private static TimeSpan Left(long timestamp) =>
        TimeSpan.FromTicks(Math.Max(0, Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), timestamp).Ticks));
}
