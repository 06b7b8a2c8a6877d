using Hypeman.Gateway.Errors;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Streams;

/// <summary>The message that says what a WebSocket was opened for.</summary>
internal static class FirstMessage
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <returns>The request, or why there is none; neither when the client has left.</returns>
    public static async Task<(T? Request, string? Refusal)> ReadAsync<T>(
        GuestSocket socket, Func<FieldReader, T> read, TimeProvider clock, CancellationToken cancellationToken)
        where T : class
    {
        using var deadline = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            if (!await socket.Frames.WaitToReadAsync(either.Token) || !socket.Frames.TryRead(out var frame))
                return (null, null);
            return frame.IsText
                ? (RequestBody.ParseTolerant(frame.Bytes, read), null)
                : (null, "first message must be JSON text");
        }
        catch (RequestRefusedException refused)
        {
            return (null, refused.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, $"failed to read request: nothing came for {Patience.TotalSeconds:0} s");
        }
    }
}
