using System.Buffers;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Hypeman.Ingress.Traffic;

/// <summary>
/// Writes a line of JSON for each request to a file, if there is to be one. Requests never wait for the disk: lines that it cannot
/// take in time are left out, and counted.
/// </summary>
internal sealed class AccessLog : BackgroundService
{
    private readonly Channel<AccessEntry> _entries;
    private readonly IngressOptions _options;
    private readonly IngressMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public AccessLog(IOptions<IngressOptions> options, IngressMetrics metrics, TimeProvider time, ILogger<AccessLog> logger)
    {
        _options = options.Value;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _entries = Channel.CreateBounded<AccessEntry>(
            new BoundedChannelOptions(Limits.UnwrittenLines) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true },
            _ => metrics.Unlogged());
    }

    public bool IsOn => _options.AccessLog.Length > 0;

    public void Add(AccessEntry entry) => _entries.Writer.TryWrite(entry);

    /// <summary>The server has stopped by now; what it has still said is written.</summary>
    public override Task StopAsync(CancellationToken cancellationToken)
    {
        _entries.Writer.TryComplete();
        return ExecuteTask?.WaitAsync(cancellationToken) ?? Task.CompletedTask;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!IsOn)
            return;
        using var file = new RotatedFile(_options.AccessLog, Limits.AccessLogBytes, Limits.AccessLogFiles);
        var lines = new ArrayBufferWriter<byte>();
        while (await _entries.Reader.WaitToReadAsync(CancellationToken.None))
        {
            var count = Take(lines);
            try
            {
                file.Append(lines.WrittenSpan);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                _logger.LogWarning(error, "The access log {File} cannot be written; requests go on without", _options.AccessLog);
                for (var lost = 0; lost < count; lost++)
                    _metrics.Unlogged();
                await Task.Delay(Limits.AccessLogRetry, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>What waits, up to a portion that is written at once; how many lines that is.</summary>
    private int Take(ArrayBufferWriter<byte> lines)
    {
        lines.ResetWrittenCount();
        using var json = new Utf8JsonWriter(lines);
        var count = 0;
        while (lines.WrittenCount < Limits.AccessLogPortionBytes && _entries.Reader.TryRead(out var entry))
        {
            entry.Write(json);
            json.Flush();
            json.Reset();
            lines.Write("\n"u8);
            count++;
        }
        return count;
    }
}
