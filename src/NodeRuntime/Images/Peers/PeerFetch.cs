using Hypeman.NodeRuntime.Errors;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Images.Peers;

/// <summary>
/// Fetches blobs from other hosts, going on where a connection was lost, at the next host when one does not come back.
/// Whatever a host does, the worst outcome is that the registry is asked.
/// </summary>
internal sealed class PeerFetch(BlobStore blobs, IBlobPeers? peers, TimeProvider clock, ILogger log)
{
    private const int ChunkSize = 128 << 10;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);

    private enum Outcome
    {
        Whole,
        Absent,
        Lost,
        TooLarge,
    }

    /// <summary>Whether the blob is here now. A registry that is not needed is not asked.</summary>
    /// <param name="wish">The blob.</param>
    /// <param name="size">In bytes, when it is known.</param>
    /// <param name="maxBytes">Beyond this it is a lie.</param>
    /// <param name="report">Is told how many bytes are there.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NodeException">InsufficientResources: the disk is full.</exception>
    public async Task<bool> TryAsync(BlobWish wish, long? size, long maxBytes, Action<long> report, CancellationToken cancellationToken)
    {
        if (blobs.Find(wish.Blob) is not null)
            return true;
        if (peers is null)
            return false;
        await using var writer = blobs.BeginWrite();
        try
        {
            await foreach (var peer in peers.FindAsync(wish, cancellationToken))
                if (await TryFromAsync(peer, new Transfer(wish.Blob, size, Math.Min(size ?? maxBytes, maxBytes), writer, report), cancellationToken))
                    return true;
        }
        catch (Exception failure) when (failure is not (NodeException or OperationCanceledException))
        {
            log.LogWarning(failure, "Other hosts could not be asked for {Blob}", wish.Blob);
        }
        report(0);
        return false;
    }

    /// <summary>A host that goes on sending is asked again for the rest; one that sends nothing more is left.</summary>
    private async Task<bool> TryFromAsync(IBlobPeer peer, Transfer transfer, CancellationToken cancellationToken)
    {
        var mayBeAnothersFault = transfer.Writer.Length > 0;
        while (true)
        {
            var before = transfer.Writer.Length;
            switch (await ReadAsync(peer, transfer, cancellationToken))
            {
                case Outcome.Lost when transfer.Writer.Length > before:
                    continue;
                case Outcome.Absent or Outcome.Lost:
                    return false;
                case Outcome.Whole when TryCommit(transfer):
                    log.LogInformation("Fetched {Blob} from {Peer}", transfer.Blob, peer.Name);
                    return true;
            }
            transfer.Writer.Reset();
            if (!mayBeAnothersFault)
            {
                log.LogWarning("What {Peer} sent for {Blob} is something else", peer.Name, transfer.Blob);
                return false;
            }
            mayBeAnothersFault = false;
        }
    }

    private async Task<Outcome> ReadAsync(IBlobPeer peer, Transfer transfer, CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(Silence, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
        try
        {
            await using var content = await peer.OpenAsync(transfer.Blob, transfer.Writer.Length, either.Token);
            if (content is null)
                return Outcome.Absent;
            var buffer = new byte[ChunkSize];
            while (await content.ReadAsync(buffer, either.Token) is > 0 and var count)
            {
                silence.CancelAfter(Silence);
                if (transfer.Writer.Length + count > transfer.MaxBytes)
                    return Outcome.TooLarge;
                await transfer.Writer.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                transfer.Report(transfer.Writer.Length);
            }
            return transfer.Size is { } size && transfer.Writer.Length < size ? Outcome.Lost : Outcome.Whole;
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            log.LogDebug(failure, "Lost {Peer} while it sent {Blob}", peer.Name, transfer.Blob);
            return Outcome.Lost;
        }
    }

    private static bool TryCommit(Transfer transfer)
    {
        try
        {
            transfer.Writer.Commit(transfer.Blob);
            return true;
        }
        catch (NodeException wrong) when (wrong.Kind == NodeErrorKind.Invalid)
        {
            return false;
        }
    }

    private sealed record Transfer(Digest Blob, long? Size, long MaxBytes, BlobWriter Writer, Action<long> Report);
}
