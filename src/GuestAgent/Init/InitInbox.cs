using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Hypeman.GuestAgent.Linux;

namespace Hypeman.GuestAgent.Init;

internal abstract record InitEvent;

/// <summary>A child ended, ours or one that was left to PID 1.</summary>
internal sealed record ChildExited(int Pid, int ExitCode) : InitEvent;

internal sealed record AgentIsReady : InitEvent;

/// <summary>The host asks, through the agent, that all ends within this time.</summary>
internal sealed record ShutdownAsked(TimeSpan Timeout) : InitEvent;

/// <summary>Someone signalled PID 1 what is meant for the program.</summary>
internal sealed record SignalCame(int Number) : InitEvent;

/// <summary>All that happens to init, in one queue for the one thread that decides.</summary>
internal sealed class InitInbox : IDisposable
{
    private readonly BlockingCollection<InitEvent> _events = [];
    private readonly AutoResetEvent _newChild = new(false);
    private readonly List<PosixSignalRegistration> _signals = [];

    public InitInbox()
    {
        foreach (var (signal, number) in new[]
        {
            (PosixSignal.SIGTERM, SignalNumbers.Terminate), (PosixSignal.SIGHUP, SignalNumbers.HangUp),
            (PosixSignal.SIGQUIT, SignalNumbers.Quit), (PosixSignal.SIGINT, SignalNumbers.Interrupt),
        })
        {
            _signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                _events.Add(new SignalCame(number));
            }));
        }
        // The only place that waits for children: whoever else did would steal exit codes.
        new Thread(Reap) { IsBackground = true }.Start();
    }

    public void Add(InitEvent value) => _events.Add(value);

    /// <summary>To be called after each start of a child: the reaper rests while there is none.</summary>
    public void ChildStarted() => _newChild.Set();

    /// <summary>The next event; null after the timeout, negative waits for ever.</summary>
    public InitEvent? Take(TimeSpan timeout) => _events.TryTake(out var value, timeout) ? value : null;

    /// <exception cref="InvalidOperationException">It did not become ready in time, or ended.</exception>
    public void WaitForAgent(AgentChild agent, TimeSpan patience)
    {
        var start = Stopwatch.GetTimestamp();
        while (patience - Stopwatch.GetElapsedTime(start) is { Ticks: > 0 } left)
        {
            switch (Take(left))
            {
                case AgentIsReady:
                    return;
                case ChildExited exited when exited.Pid == agent.Pid:
                    throw new InvalidOperationException($"The guest agent ended at once with exit code {exited.ExitCode}.");
            }
        }
        throw new InvalidOperationException($"The guest agent was not ready within {patience.TotalSeconds:0} s.");
    }

    public void Dispose()
    {
        foreach (var signal in _signals)
            signal.Dispose();
    }

    private void Reap()
    {
        while (true)
        {
            if (Spawn.Wait() is { } exited)
                _events.Add(new ChildExited(exited.Pid, exited.ExitCode));
            else
                _newChild.WaitOne();
        }
    }
}
