using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;

namespace Hypeman.Gateway.Streams;

/// <summary>One session with the agent in a guest. Disposing the enumeration of its output ends it.</summary>
internal sealed class GuestConversation(IInstanceGrain instance, TimeProvider clock)
{
    /// <summary>The most bytes of one input.</summary>
    private const int MaxInputBytes = 32 * 1024;

    /// <summary>Outputs of at most 32 KiB, so 4 MiB for a client that does not keep up.</summary>
    private const int OutputsAhead = 128;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly string _id = Guid.NewGuid().ToString("N");

    public IAsyncEnumerable<GuestOutput> OpenAsync(GuestRequest request, CancellationToken cancellationToken) =>
        instance.OpenGuestAsync(_id, request, cancellationToken).Buffered(OutputsAhead, cancellationToken);

    /// <summary>Sends bytes in as many inputs as they need; false when the session takes no more.</summary>
    public async Task<bool> SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        for (var rest = bytes; !rest.IsEmpty; rest = rest[Math.Min(rest.Length, MaxInputBytes)..])
            if (!await SendAsync(new GuestInputData(rest[..Math.Min(rest.Length, MaxInputBytes)]), cancellationToken))
                return false;
        return true;
    }

    /// <summary>Waits until the guest has room for the input; false when the session takes no more.</summary>
    public async Task<bool> SendAsync(GuestInput input, CancellationToken cancellationToken)
    {
        try
        {
            while (!await instance.SendGuestAsync(_id, input))
                await Task.Delay(Pause, clock, cancellationToken);
            return true;
        }
        catch (HypemanException exception) when (exception.Kind == ErrorKind.NotFound)
        {
            return false;
        }
    }
}
