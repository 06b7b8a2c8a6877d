using Hypeman.NodeRuntime.Logs;

namespace Hypeman.Bench.Boot;

/// <summary>The moment in which the guest's program prints its first word, seen the same way for both kinds of boot.</summary>
internal static class FirstWord
{
    public const string Text = "the-program-speaks";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <exception cref="TimeoutException">The console stayed silent.</exception>
    public static async Task HeardAsync(string consoleLog, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        try
        {
            await foreach (var lines in LogFile.ReadAsync(consoleLog, int.MaxValue, follow: true, deadline.Token))
                if (lines.Any(line => line.Contains(Text, StringComparison.Ordinal)))
                    return;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The exception below says more.
        }
        throw new TimeoutException(
            $"{consoleLog} did not show '{Text}' in {Patience.TotalSeconds:0} s, but:\n{await File.ReadAllTextAsync(consoleLog, cancellationToken)}");
    }
}
