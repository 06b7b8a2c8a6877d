using System.CommandLine;
using System.Runtime.InteropServices;
using Hypeman.Cli.Invocation;
using Hypeman.Cli.Linux;
using Hypeman.Client.Instances;

namespace Hypeman.Cli.Instances;

/// <summary>Runs a command in an instance, with the terminal handed through when asked.</summary>
internal sealed class ExecCommand
{
    private readonly Argument<string> _id = InstanceCommands.InstanceArgument();
    private readonly Argument<string[]> _command = new("command")
    {
        Description = "What to run; write -- before it (default: /bin/sh)",
        Arity = ArgumentArity.ZeroOrMore,
    };
    private readonly Option<bool> _interactive = new("--interactive", "-i") { Description = "Pass on the input" };
    private readonly Option<bool> _tty = new("--tty", "-t") { Description = "Give the command a terminal" };
    private readonly Option<Dictionary<string, string>> _env = Pairs.Option("--env", "-e", "Set a variable; repeat for more");
    private readonly Option<string?> _cwd = new("--workdir", "-w") { Description = "Folder to run it in" };
    private readonly Option<TimeSpan?> _timeout = new("--timeout")
    {
        Description = "Kill it after this time (exit code 124)",
        HelpName = "duration",
        CustomParser = result => Duration.Parse(result),
    };

    public static Command Make(CliHost host)
    {
        var self = new ExecCommand();
        var command = new Command("exec", "Run a command in a running instance: hypeman exec [-it] INSTANCE -- COMMAND...")
        {
            self._id, self._command, self._interactive, self._tty, self._env, self._cwd, self._timeout,
        };
        return command.Does(host, self.RunAsync);
    }

    private async Task<int> RunAsync(Run run, CancellationToken cancellationToken)
    {
        var tty = run.Value(_tty);
        if (tty && !run.Host.InIsTerminal)
            throw new CliException("The input is no terminal, so the command cannot have one.", "Leave out -t.", ExitCode.Usage);
        var size = tty ? Terminal.Size() : null;
        await using var session = await run.Fleet.Instances.ExecAsync(run.Value(_id), Request(run, tty, size), cancellationToken);

        using var raw = tty ? Terminal.EnterRawMode() : null;
        using var resized = tty ? PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Resize(session)) : null;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var input = PassInputAsync(run.Value(_interactive) ? run.Host.OpenIn() : Stream.Null, tty, session, over.Token);
        await foreach (var piece in session.ReadOutputAsync(cancellationToken))
        {
            await run.Host.OutBytes.WriteAsync(piece, cancellationToken);
            await run.Host.OutBytes.FlushAsync(cancellationToken);
        }
        await over.CancelAsync();
        // A read of a terminal cannot be cancelled: whoever waits there is left behind with the process.
        if (input.IsCompleted)
            await input;
        return session.ExitCode ?? ExitCode.Done;
    }

    private ExecRequest Request(Run run, bool tty, (int Rows, int Columns)? size)
    {
        var env = run.Value(_env)!;
        if (tty && run.Host.Env("TERM") is { Length: > 0 } term)
            env.TryAdd("TERM", term);
        return new ExecRequest
        {
            Command = run.Value(_command),
            Tty = tty,
            Env = env.Count > 0 ? env : null,
            Cwd = run.Value(_cwd),
            StdinEof = !tty,
            Timeout = (int)Math.Ceiling(run.Value(_timeout)?.TotalSeconds ?? 0),
            Rows = size?.Rows,
            Cols = size?.Columns,
        };
    }

    private static async Task PassInputAsync(Stream input, bool tty, ExecSession session, CancellationToken cancellationToken)
    {
        var buffer = new byte[32 * 1024];
        try
        {
            for (int count; (count = await input.ReadAsync(buffer, cancellationToken)) > 0;)
                await session.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            // On a terminal the end is a key like any other.
            if (!tty)
                await session.EndInputAsync(cancellationToken);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The command is over, or the connection is: the reader of the output knows which.
        }
    }

    private static void Resize(ExecSession session)
    {
        if (Terminal.Size() is { } size)
            _ = ResizeAsync(session, size.Rows, size.Columns);
    }

    private static async Task ResizeAsync(ExecSession session, int rows, int columns)
    {
        try
        {
            await session.ResizeAsync(rows, columns, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Too late to matter.
        }
    }
}
