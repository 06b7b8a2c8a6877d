using Hypeman.GuestAgent.Linux;
using Hypeman.GuestAgent.Programs;

namespace Hypeman.GuestAgent.Agent;

/// <summary>Our ends of a command's input and output, non-blocking, and its ends until it has them.</summary>
internal sealed class ExecPipes : IDisposable
{
    private readonly Fd[] _theirs;

    private ExecPipes(Fd input, Fd output, Fd? errors, params Fd[] theirs)
    {
        (Input, Output, Errors) = (input, output, errors);
        _theirs = theirs;
        input.SetNonBlocking();
        output.SetNonBlocking();
        errors?.SetNonBlocking();
    }

    public Fd? Input { get; private set; }
    public Fd? Output { get; private set; }

    /// <summary>Null for a terminal, which has one output.</summary>
    public Fd? Errors { get; private set; }

    public static ExecPipes OverPipes()
    {
        var (stdin, input) = Fd.Pipe();
        var (output, stdout) = Fd.Pipe();
        var (errors, stderr) = Fd.Pipe();
        return new ExecPipes(input, output, errors, stdin, stdout, stderr);
    }

    public static ExecPipes OverTerminal(int rows, int columns)
    {
        var (master, slave) = Terminal.Open();
        Terminal.Resize(master.Number, rows, columns);
        return new ExecPipes(master, master, null, slave);
    }

    /// <summary>Starts the command and lets go of its ends, so that the outputs end with it.</summary>
    public int Start(LaunchSpec spec)
    {
        var pid = spec.Start(_theirs[0].Number, _theirs[_theirs.Length / 2].Number, _theirs[^1].Number);
        foreach (var fd in _theirs)
            fd.Dispose();
        return pid;
    }

    public void CloseInput()
    {
        Input?.Dispose();
        Input = null;
    }

    public void CloseOutput()
    {
        if (Output != Input)
            Output?.Dispose();
        Output = null;
    }

    public void CloseErrors()
    {
        Errors?.Dispose();
        Errors = null;
    }

    public void Dispose()
    {
        foreach (var fd in _theirs)
            fd.Dispose();
        CloseOutput();
        CloseErrors();
        CloseInput();
    }
}
