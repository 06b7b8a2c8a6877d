using System.Diagnostics;
using Hypeman.GuestAgent.Linux;
using Hypeman.GuestAgent.Programs;
using Hypeman.GuestProtocol;
using Hypeman.GuestProtocol.Channel;
using Hypeman.GuestProtocol.Messages;

namespace Hypeman.GuestAgent.Agent;

/// <summary>
/// One command. Its thread waits for everything at once: output, room for input, the host (through an event
/// descriptor), the command's end (through a pid descriptor) and the deadline.
/// </summary>
internal sealed unsafe class ExecSession(ExecRequest request, IReadOnlyDictionary<string, string> env, AgentStream stream)
{
    private const int TimeoutCode = 124;
    private const int PidFdOpen = 434;
    private const byte EndOfTransmission = 4; // what a terminal takes for the end of input
    private const int Output = 0, Errors = 1, Input = 2, Host = 3, Child = 4;

    private readonly byte[] _buffer = new byte[ProtocolLimits.DataChunk];
    private ReadOnlyMemory<byte> _pending;
    private bool _inputEnded;
    private Fd? _terminal;

    public void Run()
    {
        using var family = new ProcessFamily();
        using var io = Start(family.Cgroup, out var pid);
        using var host = new Fd(LinuxException.Check(Libc.EventFd(0, OpenFlags.NonBlocking | OpenFlags.CloseOnExec), "eventfd"));
        using var child = new Fd((int)LinuxException.Check(Libc.Syscall(PidFdOpen, pid, 0, 0, 0, 0), "pidfd"));
        stream.OnChanged(() => host.TryWrite(BitConverter.GetBytes(1UL)));
        int? code = null;
        try
        {
            code = Pump(io, host, child) ? null : TimeoutCode;
        }
        finally
        {
            stream.OnChanged(() => { });
            if (code is not null || stream.Cancelled)
                family.Kill(pid);
        }
        var exited = Spawn.Wait(pid);
        Drain(io);
        stream.Send(new ExitReply(code ?? exited?.ExitCode ?? 0));
    }

    private ExecPipes Start(string? cgroup, out int pid)
    {
        var variables = new Dictionary<string, string>(env);
        if (request.Tty)
            variables.TryAdd("TERM", "xterm");
        foreach (var (name, value) in request.Env)
            variables[name] = value;
        var spec = new LaunchSpec
        {
            Arguments = request.Command.Count > 0 ? request.Command : ["/bin/sh"],
            Env = variables,
            WorkingDir = string.IsNullOrEmpty(request.Cwd) ? "/" : request.Cwd,
            Groups = [0],
            Tty = request.Tty,
            Cgroup = cgroup,
        };
        var io = request.Tty
            ? ExecPipes.OverTerminal(request.Rows > 0 ? request.Rows : 24, request.Columns > 0 ? request.Columns : 80)
            : ExecPipes.OverPipes();
        _terminal = request.Tty ? io.Input : null;
        pid = io.Start(spec);
        return io;
    }

    /// <summary>Until the command ended (true), the time is up or the host gave up (false).</summary>
    private bool Pump(ExecPipes io, Fd host, Fd child)
    {
        var start = Stopwatch.GetTimestamp();
        var items = stackalloc PollItem[5];
        while (true)
        {
            TakeInput(io);
            var mayWrite = stream.Writable > 0;
            items[Output] = Item(mayWrite ? io.Output : null, PollEvents.In);
            items[Errors] = Item(mayWrite ? io.Errors : null, PollEvents.In);
            items[Input] = Item(_pending.Length > 0 ? io.Input : null, PollEvents.Out);
            items[Host] = Item(host, PollEvents.In);
            items[Child] = Item(child, PollEvents.In);
            var wait = TimeLeft(start);
            if (wait == 0 || stream.Cancelled)
                return false;
            if (Libc.Poll(items, 5, wait) < 0)
                continue;

            if (items[Host].Returned != 0)
                host.TryRead(_buffer.AsSpan(0, sizeof(ulong)));
            if (items[Output].Returned != 0 && Forward(io.Output!, isError: false) == 0)
                io.CloseOutput();
            if (items[Errors].Returned != 0 && Forward(io.Errors!, isError: true) == 0)
                io.CloseErrors();
            if (items[Input].Returned != 0)
                WriteInput(io);
            if (items[Child].Returned != 0)
                return true;
        }
    }

    /// <summary>Milliseconds for poll: -1 without a deadline, 0 when it has passed.</summary>
    private int TimeLeft(long start)
    {
        if (request.TimeoutSeconds <= 0)
            return -1;
        var left = TimeSpan.FromSeconds(request.TimeoutSeconds) - Stopwatch.GetElapsedTime(start);
        return left <= TimeSpan.Zero ? 0 : (int)Math.Min(left.TotalMilliseconds + 1, int.MaxValue);
    }

    /// <summary>Takes what the host sent, one piece of data at a time: the rest waits in the host's window.</summary>
    private void TakeInput(ExecPipes io)
    {
        while (_pending.Length == 0 && stream.TryTake(out var input))
        {
            switch (input)
            {
                case InputData data when io.Input is not null && !_inputEnded:
                    _pending = data.Bytes;
                    break;
                case InputEnd when _terminal is not null:
                    _pending = new[] { EndOfTransmission };
                    break;
                case InputEnd:
                    _inputEnded = true;
                    io.CloseInput();
                    break;
                case Resized size when _terminal is not null:
                    Terminal.Resize(_terminal.Number, size.Rows, size.Columns);
                    break;
            }
        }
    }

    private void WriteInput(ExecPipes io)
    {
        var count = io.Input!.TryWrite(_pending.Span);
        if (count >= 0)
        {
            _pending = _pending[count..];
        }
        else if (LinuxException.LastErrno != Errno.Again)
        {
            // The command closed its input: what is still to come is taken and dropped.
            _pending = default;
            if (_terminal is null)
                io.CloseInput();
        }
    }

    /// <summary>Passes on what is there; 0 at the end of the output, -1 when there is nothing now.</summary>
    private int Forward(Fd output, bool isError)
    {
        var room = Math.Min(_buffer.Length, stream.Writable);
        if (room == 0)
            return -1;
        var count = output.TryRead(_buffer.AsSpan(0, room));
        if (count < 0)
            return LinuxException.LastErrno == Errno.IoError ? 0 : -1; // a terminal that its program has left
        stream.Write(_buffer.AsSpan(0, count), isError);
        return count;
    }

    /// <summary>
    /// The rest of the output, as far as it is written by now. Not to the end: a process in the background may hold it
    /// open for ever.
    /// </summary>
    private void Drain(ExecPipes io)
    {
        foreach (var (output, isError) in new[] { (io.Output, false), (io.Errors, true) })
        {
            int count;
            while (output is not null && (count = output.TryRead(_buffer)) > 0)
                stream.Write(_buffer.AsSpan(0, count), isError);
        }
    }

    private static PollItem Item(Fd? fd, short events) => new() { Fd = fd?.Number ?? -1, Events = events };
}
