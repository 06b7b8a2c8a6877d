using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;

namespace Hypeman.Bench.Fleet;

/// <summary>One silo of the fleet, from outside.</summary>
internal sealed class SiloProcess(string data, string database, string identity, int nodes) : IDisposable
{
    private Process? _process;
    private Channel<string> _answers = Channel.CreateUnbounded<string>();

    /// <summary>Known once it is ready.</summary>
    public Uri Api { get; private set; } = null!;

    public int Id => _process!.Id;

    /// <summary>Starts it; done when it takes calls.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _answers = Channel.CreateUnbounded<string>();
        _process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!,
        [
            FleetCommand.SiloName, "--data", data, "--database", database, "--identity", identity,
            "--nodes", nodes.ToString(CultureInfo.InvariantCulture),
        ])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        _ = ListenAsync(_process, _answers.Writer);
        Api = new Uri(await _answers.Reader.ReadAsync(cancellationToken));
    }

    /// <summary>Bytes that its heap holds after a collection of everything.</summary>
    public async Task<long> HeapBytesAsync(CancellationToken cancellationToken)
    {
        await _process!.StandardInput.WriteLineAsync("heap");
        await _process.StandardInput.FlushAsync(cancellationToken);
        return long.Parse(await _answers.Reader.ReadAsync(cancellationToken), CultureInfo.InvariantCulture);
    }

    /// <summary>As a host that loses power.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (_process is { HasExited: false })
            _process.Kill();
        _process?.Dispose();
    }

    private static async Task ListenAsync(Process process, ChannelWriter<string> answers)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
            if (line.StartsWith(BenchSilo.Mark))
                answers.TryWrite(line[1..]);
            else
                await Console.Error.WriteLineAsync($"silo {process.Id}: {line}");
        answers.TryComplete(new InvalidOperationException("A silo has ended; its last words are above."));
    }
}
