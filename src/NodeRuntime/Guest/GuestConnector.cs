using System.Net.Sockets;
using System.Security.Cryptography;
using Hypeman.GuestProtocol;
using Hypeman.GuestProtocol.Framing;

namespace Hypeman.NodeRuntime.Guest;

/// <summary>
/// Gets from a socket to an agent that answers. Each attempt is a connection of its own, because a guest that was
/// restored from a snapshot may hold its port stuck for the first client, and a booting one reads nothing yet.
/// </summary>
internal static class GuestConnector
{
    /// <summary>A guest that was just restored is slow at first, and each new attempt makes it begin anew.</summary>
    private static readonly TimeSpan FirstPatience = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan MaxPatience = TimeSpan.FromSeconds(2);

    /// <param name="path">The hypervisor's socket.</param>
    /// <param name="time">For the pauses between attempts.</param>
    /// <param name="moment">Told to a guest that stood still, anew with each attempt; null when it did not.</param>
    /// <param name="cancellationToken">Ends the attempts.</param>
    public static async Task<GuestChannel> ConnectAsync(
        string path, TimeProvider time, Func<WakeMoment>? moment, CancellationToken cancellationToken)
    {
        for (var patience = FirstPatience; ; patience = patience * 2 < MaxPatience ? patience * 2 : MaxPatience)
        {
            using var enough = new CancellationTokenSource(patience, time);
            using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, enough.Token);
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), attempt.Token);
                var stream = new NetworkStream(socket, ownsSocket: true);
                var (decoder, knows) = await GreetAsync(stream, moment?.Invoke(), attempt.Token);
                return new GuestChannel(stream, decoder) { KnowsMoment = knows };
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
            {
                socket.Dispose();
                cancellationToken.ThrowIfCancellationRequested();
                if (!enough.IsCancellationRequested)
                    await Task.Delay(patience, time, cancellationToken);
            }
        }
    }

    /// <summary>Flushes what an older connection left half done, says hello and waits for its answer.</summary>
    /// <returns>The decoder that has read the answer; and whether the guest has taken in the moment.</returns>
    internal static async Task<(FrameDecoder Decoder, bool KnowsMoment)> GreetAsync(
        Stream stream, WakeMoment? moment, CancellationToken cancellationToken)
    {
        var nonce = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
        await stream.WriteAsync(FrameCodec.Flush(), cancellationToken);
        await stream.WriteAsync(new Hello(ProtocolLimits.Version, nonce, moment).Encode(FrameType.Hello), cancellationToken);

        var decoder = new FrameDecoder();
        while (true)
        {
            while (decoder.TryRead(out var frame))
            {
                if (frame.Type == FrameType.HelloAck && Hello.TryParse(frame.Payload.Span) is { } answer && answer.Nonce == nonce)
                    return (decoder, moment is not null && answer.Version >= Hello.MomentVersion);
            }
            var count = await stream.ReadAsync(decoder.Free(), cancellationToken);
            if (count == 0)
                throw new EndOfStreamException("The hypervisor closed the guest's channel.");
            decoder.Advance(count);
        }
    }
}
