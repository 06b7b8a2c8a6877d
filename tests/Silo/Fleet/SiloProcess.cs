using System.Diagnostics;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.Silo.Fleet;

/// <summary>The real program, in a process of its own; without a node, as that would need root and QEMU.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private readonly TemporaryFolder _data = new();
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _errors;

    public SiloProcess(IReadOnlyDictionary<string, string> flags)
    {
        var arguments = flags.SelectMany(flag => new[] { flag.Key, flag.Value })
            .Concat(["--data", _data.PathOf("data"), "--ingress-port", "0", "--metrics-port", "0", "--ingress-address", "127.0.0.1", "--log-level", "warning"]);
        _process = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "hypeman-silo"), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _output = _process.StandardOutput.ReadToEndAsync();
        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>All that it said, once it has ended by itself.</summary>
    public async Task<string> EndAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken).WaitAsync(patience, cancellationToken);
        return await _output + await _errors;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _data.Dispose();
    }
}
