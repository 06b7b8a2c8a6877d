using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Grains.Records;
using Hypeman.NodeRuntime.Vms;
using Microsoft.Extensions.Logging;

namespace Hypeman.Grains.Instances;

/// <summary>The open sessions of one instance with its guest. Used on the grain's scheduler only.</summary>
internal sealed class GuestSessions(GrainClock clock, ILogger logger)
{
    // Messages of at most 32 KiB that wait for the guest to read; more is the caller's to keep.
    private const int InputRoom = 4;

    private static readonly TimeSpan SendPatience = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, Input> _open = [];

    /// <summary>Opens a session and yields what comes back; whoever stops reading closes it.</summary>
    public async IAsyncEnumerable<GuestOutput> OpenAsync(
        IVmHost vms, string instanceId, string sessionId, GuestRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var session = await vms.OpenGuestAsync(instanceId, request.ToWire(), keepsAwake: true, ended.Token);
        var input = new Input(session, ended.Cancel, logger);
        if (!_open.TryAdd(sessionId, input))
            throw HypemanException.Invalid("invalid_request", $"guest session {sessionId} is open already");
        var sending = input.PumpAsync(ended.Token);
        try
        {
            yield return new GuestOpened();
            await foreach (var reply in session.ReadAllAsync(ended.Token))
                yield return reply.ToOutput();
        }
        finally
        {
            _open.Remove(sessionId);
            await ended.CancelAsync();
            await sending;
        }
    }

    /// <summary>Hands input over, in order; false when the guest leaves no room within a second.</summary>
    public async Task<bool> SendAsync(string sessionId, GuestInput message)
    {
        var input = _open.GetValueOrDefault(sessionId) ?? throw HypemanException.NotFound("guest session is not open");
        return await input.TryTakeAsync(message, SendPatience, clock);
    }

    /// <summary>Ends every session, as the activation ends.</summary>
    public void End()
    {
        foreach (var input in _open.Values.ToList())
            input.End();
    }

    /// <summary>Input on its way to one session. Taken means that it will be sent, unless the session ends first.</summary>
    private sealed class Input(IGuestSession session, Action end, ILogger logger)
    {
        private readonly Channel<GuestInput> _waiting = Channel.CreateBounded<GuestInput>(InputRoom);

        public void End() => end();

        public async Task<bool> TryTakeAsync(GuestInput message, TimeSpan patience, GrainClock clock)
        {
            if (_waiting.Writer.TryWrite(message))
                return true;
            using var limit = new CancellationTokenSource(patience, clock.Time);
            try
            {
                // Closed: the guest takes no more, and its last words are on the way to the caller.
                return !await _waiting.Writer.WaitToWriteAsync(limit.Token) || _waiting.Writer.TryWrite(message);
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }

        public async Task PumpAsync(CancellationToken cancellationToken)
        {
            try
            {
                await foreach (var message in _waiting.Reader.ReadAllAsync(cancellationToken))
                    await SendAsync(message, cancellationToken);
            }
            catch (Exception error)
            {
                logger.LogDebug(error, "A guest session takes no more input");
            }
            finally
            {
                _waiting.Writer.TryComplete();
                while (_waiting.Reader.TryRead(out _))
                    continue;
            }
        }

        private ValueTask SendAsync(GuestInput message, CancellationToken cancellationToken) => message switch
        {
            GuestInputData data => session.WriteAsync(data.Bytes, cancellationToken),
            GuestInputEnd => session.EndAsync(cancellationToken),
            GuestResize size => session.ResizeAsync(size.Rows, size.Columns, cancellationToken),
            _ => throw new System.Diagnostics.UnreachableException($"{message.GetType().Name} is no input of the guest channel."),
        };
    }
}
