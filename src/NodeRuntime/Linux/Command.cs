using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Hypeman.NodeRuntime.Errors;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>
/// Runs a tool to its end. It inherits the network namespace of the calling thread, so inside
/// <see cref="NetworkNamespace.RunAsync{T}"/> use <see cref="StartHere"/> and await its end outside.
/// </summary>
public sealed record Command(string Tool, IReadOnlyList<string> Arguments)
{
    private const int MaxOutputChars = 4 * 1024 * 1024;

    public Command(string tool, params string[] arguments) : this(tool, (IReadOnlyList<string>)arguments) { }

    /// <summary>Written to the tool's standard input, which is then closed.</summary>
    public string? Input { get; init; }

    /// <summary>After it the tool and its children are killed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Runs it and returns what it wrote to standard output.</summary>
    /// <exception cref="CommandException">It ended with another exit code than zero.</exception>
    /// <exception cref="NodeException">DependencyMissing: it is not installed. TimedOut.</exception>
    public static Task<string> RunAsync(string tool, IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        new Command(tool, arguments).RunAsync(cancellationToken);

    /// <inheritdoc cref="RunAsync(string, IReadOnlyList{string}, CancellationToken)"/>
    public Task<string> RunAsync(CancellationToken cancellationToken) => FinishAsync(Start(), cancellationToken);

    /// <summary>Starts it on the calling thread; the task is its end, as in <see cref="RunAsync(CancellationToken)"/>.</summary>
    public Func<CancellationToken, Task<string>> StartHere()
    {
        var process = Start();
        return cancellationToken => FinishAsync(process, cancellationToken);
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(Executables.Find(Tool))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var argument in Arguments)
            start.ArgumentList.Add(argument);
        start.Environment["LC_ALL"] = "C";
        var process = new Process { StartInfo = start };
        try
        {
#pragma warning disable RS0030 // This is the one place where tools are started.
            process.Start();
#pragma warning restore RS0030
            return process;
        }
        catch (Win32Exception e)
        {
            process.Dispose();
            throw new NodeException(NodeErrorKind.Internal, $"Cannot start {Tool}: {e.Message}", inner: e);
        }
    }

    private async Task<string> FinishAsync(Process started, CancellationToken cancellationToken)
    {
        using var process = started;
        // Its disposal leaves open what was asked for.
        using var outputPipe = process.StandardOutput;
        using var errorPipe = process.StandardError;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Timeout);
        try
        {
            var output = ReadBoundedAsync(outputPipe, deadline.Token);
            var errors = ReadBoundedAsync(errorPipe, deadline.Token);
            await WriteInputAsync(process, deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return process.ExitCode == 0
                ? await output
                : throw new CommandException(Tool, Arguments, process.ExitCode, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            throw new NodeException(
                NodeErrorKind.TimedOut, $"{Tool} did not end within {Timeout.TotalSeconds:0} s.", string.Join(' ', Arguments));
        }
    }

    private async Task WriteInputAsync(Process process, CancellationToken cancellationToken)
    {
        try
        {
            if (Input is not null)
                await process.StandardInput.WriteAsync(Input.AsMemory(), cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading all of it; its exit code and its errors say why.
        }
    }

    /// <summary>Reads to the end, so that the tool never blocks, and keeps the first part.</summary>
    private static async Task<string> ReadBoundedAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var buffer = new char[4096];
        int count;
        while ((count = await reader.ReadAsync(buffer, cancellationToken)) > 0)
            text.Append(buffer, 0, Math.Min(count, MaxOutputChars - text.Length));
        return text.ToString();
    }
}
