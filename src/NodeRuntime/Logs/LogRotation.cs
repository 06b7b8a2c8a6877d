using Hypeman.NodeRuntime.Linux;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Hypeman.NodeRuntime.Logs;

/// <summary>Keeps logs from filling the disk.</summary>
public sealed class LogRotationOptions
{
    /// <summary>
    /// A log that is larger is rotated, and this much of its end is kept. What is written between two looks may come
    /// on top, for as long as it is not rotated.
    /// </summary>
    public long MaxBytes { get; set; } = 50 * 1024 * 1024;

    /// <summary>Rotated files that are kept (<c>.1</c> is the youngest); zero keeps none.</summary>
    public int Keep { get; set; } = 1;

    /// <summary>How often we look.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(5);
}

/// <summary>
/// Rotates by copy and truncate, because the writers (VMMs) hold their files open. They open them for appending, so
/// they go on at the new end. What is written between the copy and the truncation is lost; a copy that went after it
/// would never end where a guest writes as fast as we read.
/// </summary>
public sealed class LogRotation(
    Func<IEnumerable<string>> listLogs, IOptions<LogRotationOptions> options, TimeProvider time, ILogger<LogRotation> log)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            RotateAll();
    }

    /// <summary>Looks at every log once.</summary>
    public void RotateAll()
    {
        foreach (var path in listLogs())
        {
            try
            {
                RotateIfLarge(path);
            }
            catch (IOException e)
            {
                log.LogWarning(e, "Cannot rotate {Path}", path);
            }
        }
    }

    private void RotateIfLarge(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists || file.Length <= options.Value.MaxBytes)
            return;
        ShiftOlder(path, options.Value.Keep);
        using var current = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        if (options.Value.Keep > 0)
        {
            using var copy = new FileStream($"{path}.1", new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = FileModes.Private,
            });
            CopyEnd(current, copy);
        }
        current.SetLength(0);
        log.LogDebug("Rotated {Path}", path);
    }

    /// <summary>Copies as much as a log may have, up to where the end is now.</summary>
    private void CopyEnd(FileStream from, FileStream to)
    {
        var buffer = new byte[128 * 1024];
        var end = from.Length;
        from.Position = Math.Max(0, end - options.Value.MaxBytes);
        int count;
        while (from.Position < end && (count = from.Read(buffer, 0, (int)Math.Min(buffer.Length, end - from.Position))) > 0)
            to.Write(buffer, 0, count);
    }

    private static void ShiftOlder(string path, int keep)
    {
        for (var i = keep; i > 1; i--)
        {
            if (File.Exists($"{path}.{i - 1}"))
                File.Move($"{path}.{i - 1}", $"{path}.{i}", overwrite: true);
        }
    }
}
