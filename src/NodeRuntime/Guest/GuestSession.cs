using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Hypeman.GuestProtocol;
using Hypeman.GuestProtocol.Framing;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.NodeRuntime.Guest;

/// <summary>The host's end of one stream. The channel's reader feeds it; one caller reads it and one writes.</summary>
internal sealed class GuestSession(uint id, Action<byte[]> send, Action remove) : IGuestSession
{
    private readonly Channel<(GuestReply Reply, int Cost)> _replies = Channel.CreateUnbounded<(GuestReply, int)>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    /// <summary>Holds at most one token: "there is new credit". Completed when the session is over.</summary>
    private readonly Channel<bool> _creditCame = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>What we may still send.</summary>
    private int _credit = ProtocolLimits.StreamWindow;

    /// <summary>What the guest may still send.</summary>
    private int _room = ProtocolLimits.StreamWindow;

    private volatile bool _ended;

    internal static NodeException Lost() =>
        new(NodeErrorKind.Unavailable, "The connection to the guest agent was lost.");

    public async IAsyncEnumerable<GuestReply> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var taken = 0;
        await foreach (var (reply, cost) in _replies.Reader.ReadAllAsync(cancellationToken))
        {
            yield return reply;
            taken += cost;
            if (taken < ProtocolLimits.StreamWindow / 2 || _ended)
                continue;
            Interlocked.Add(ref _room, taken);
            send(StreamFrames.Credit(id, taken));
            taken = 0;
        }
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (bytes.Length > 0 && !_ended)
        {
            var count = TakeCredit(Math.Min(bytes.Length, ProtocolLimits.DataChunk));
            if (count > 0)
            {
                send(FrameCodec.Encode(FrameType.Input, id, bytes.Span[..count]));
                bytes = bytes[count..];
            }
            else if (await _creditCame.Reader.WaitToReadAsync(cancellationToken))
            {
                _creditCame.Reader.TryRead(out _);
            }
        }
    }

    public ValueTask EndAsync(CancellationToken cancellationToken)
    {
        if (!_ended)
            send(FrameCodec.Encode(FrameType.InputEnd, id, []));
        return ValueTask.CompletedTask;
    }

    public ValueTask ResizeAsync(int rows, int columns, CancellationToken cancellationToken)
    {
        if (!_ended)
            send(StreamFrames.Resize(id, rows, columns));
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        if (!_ended)
            send(FrameCodec.Encode(FrameType.Cancel, id, []));
        End(null);
        return ValueTask.CompletedTask;
    }

    /// <summary>Takes a frame from the channel's reader; false when the guest broke the protocol.</summary>
    internal bool Receive(Frame frame)
    {
        switch (frame.Type)
        {
            case FrameType.Output:
            case FrameType.ErrorOutput:
                var data = frame.Payload.ToArray();
                return Queue(new DataReply(data, frame.Type == FrameType.ErrorOutput), frame.Cost);
            case FrameType.Reply:
                return MessageJson.TryParseReply(frame.Payload.Span) is { IsFinal: false } reply && Queue(reply, frame.Cost);
            case FrameType.Final:
                if (MessageJson.TryParseReply(frame.Payload.Span) is not { IsFinal: true } last)
                    return false;
                _replies.Writer.TryWrite((last, 0));
                End(null);
                return true;
            case FrameType.Credit:
                return StreamFrames.TryParseCredit(frame.Payload.Span, out var bytes) && AddCredit(bytes);
            default:
                return true;
        }
    }

    internal void Lose(NodeException? reason = null) => End(reason ?? Lost());

    private bool Queue(GuestReply reply, int cost)
    {
        if (Interlocked.Add(ref _room, -cost) < 0)
            return false;
        _replies.Writer.TryWrite((reply, cost));
        return true;
    }

    private bool AddCredit(int bytes)
    {
        if (Interlocked.Add(ref _credit, bytes) > ProtocolLimits.StreamWindow)
            return false;
        _creditCame.Writer.TryWrite(true);
        return true;
    }

    /// <summary>How much of a payload may go out now; the header is paid for with it.</summary>
    private int TakeCredit(int wanted)
    {
        var count = Math.Min(wanted, Volatile.Read(ref _credit) - FrameCodec.HeaderSize);
        if (count <= 0)
            return 0;
        Interlocked.Add(ref _credit, -FrameCodec.Cost(count));
        return count;
    }

    private void End(Exception? reason)
    {
        _ended = true;
        _replies.Writer.TryComplete(reason);
        _creditCame.Writer.TryComplete();
        remove();
    }
}
