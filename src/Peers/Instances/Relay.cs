namespace Hypeman.Peers.Instances;

/// <summary>Carries bytes both ways until one side ends: neither side of an HTTP connection goes on alone.</summary>
internal static class Relay
{
    public static async Task RunAsync(Stream one, Stream other, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var (there, back) = (CarryAsync(one, other, ended.Token), CarryAsync(other, one, ended.Token));
        await Task.WhenAny(there, back);
        await ended.CancelAsync();
        await Task.WhenAll(there, back);
    }

    private static async Task CarryAsync(Stream from, Stream to, CancellationToken cancellationToken)
    {
        try
        {
            await from.CopyToAsync(to, cancellationToken);
            await to.FlushAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // A side has gone; so goes the other.
        }
    }
}
