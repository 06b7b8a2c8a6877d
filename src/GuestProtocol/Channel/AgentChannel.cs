using Hypeman.GuestProtocol.Framing;
using Hypeman.GuestProtocol.Messages;

namespace Hypeman.GuestProtocol.Channel;

/// <summary>Serves one request on a thread of its own until it has sent the message that ends the stream.</summary>
public delegate void AgentHandler(GuestRequest request, AgentStream stream);

/// <summary>
/// The guest's end of the channel: reads the port on the calling thread, writes it on another, and serves every stream
/// on its own. Blocking on purpose: a guest has few streams, pipes and files block anyway, and a pool of one CPU would
/// be used up by the first two of them.
/// </summary>
/// <param name="port">To the host.</param>
/// <param name="handler">Serves requests.</param>
/// <param name="woken">Takes in what a hello says after a standstill, before it is answered; by throwing it leaves that to a request.</param>
public sealed class AgentChannel(Stream port, AgentHandler handler, Action<WakeMoment> woken)
{
    private const int ThreadStackBytes = 256 * 1024;
    private readonly Dictionary<uint, AgentStream> _streams = [];
    private readonly FrameQueue _outgoing = new();

    /// <summary>No frame counts before a hello: it may be the rest of an older connection.</summary>
    private bool _greeted;

    /// <summary>Serves until the host is gone; then everything that ran for it is cancelled.</summary>
    public void Serve()
    {
        var writer = new Thread(WriteAll, ThreadStackBytes) { IsBackground = true };
        writer.Start();
        try
        {
            ReadAll();
        }
        finally
        {
            CancelAll();
            _outgoing.Complete();
            writer.Join();
        }
    }

    private void ReadAll()
    {
        var decoder = new FrameDecoder();
        while (true)
        {
            while (decoder.TryRead(out var frame))
                Dispatch(frame);
            var count = port.Read(decoder.Free().Span);
            if (count == 0)
                return;
            decoder.Advance(count);
        }
    }

    private void WriteAll()
    {
        try
        {
            while (_outgoing.Take() is { } frame)
                port.Write(frame);
        }
        catch (IOException)
        {
            // The host is gone: the reader learns it too and ends the connection.
        }
    }

    private void Dispatch(Frame frame)
    {
        var payload = frame.Payload.Span;
        if (frame.Type == FrameType.Hello)
        {
            if (Hello.TryParse(payload) is { } hello)
                Greet(hello);
            return;
        }
        if (!_greeted)
            return;
        if (frame.Type == FrameType.Open)
        {
            Open(frame.Stream, payload);
            return;
        }
        if (Find(frame.Stream) is not { } stream)
            return;
        switch (frame.Type)
        {
            case FrameType.Input:
                if (!stream.Receive(new InputData(payload.ToArray())))
                    stream.Cancel();
                break;
            case FrameType.InputEnd:
                stream.Receive(new InputEnd());
                break;
            case FrameType.Resize when StreamFrames.TryParseResize(payload, out var rows, out var columns):
                stream.Receive(new Resized(rows, columns));
                break;
            case FrameType.Credit when StreamFrames.TryParseCredit(payload, out var bytes):
                stream.AddCredit(bytes);
                break;
            case FrameType.Cancel:
                stream.Cancel();
                break;
        }
    }

    /// <summary>
    /// A host may be replaced without our noticing. What the old one was sent may end in half a frame, so zeros go
    /// before the answer.
    /// </summary>
    private void Greet(Hello hello)
    {
        CancelAll();
        _outgoing.Clear();
        var version = Math.Min(hello.Version, TakeIn(hello.Moment) ? ProtocolLimits.Version : Hello.MomentVersion - 1);
        _outgoing.Enqueue(FrameCodec.Flush(), new Hello((ushort)version, hello.Nonce).Encode(FrameType.HelloAck));
        _greeted = true;
    }

    private bool TakeIn(WakeMoment? moment)
    {
        try
        {
            if (moment is not null)
                woken(moment);
            return true;
        }
        catch (Exception)
        {
            return false; // The host asks again, by a request, and is told why not.
        }
    }

    private void Open(uint id, ReadOnlySpan<byte> payload)
    {
        var stream = new AgentStream(id, _outgoing);
        if (MessageJson.TryParseRequest(payload) is not { } request)
        {
            stream.Send(new FailedReply("The guest agent does not know this request.", null));
            return;
        }
        lock (_streams)
        {
            if (_streams.Count >= ProtocolLimits.MaxStreams || !_streams.TryAdd(id, stream))
            {
                stream.Send(new FailedReply("The guest agent serves too many sessions already.", null));
                return;
            }
        }
        new Thread(() => Handle(request, id, stream), ThreadStackBytes) { IsBackground = true }.Start();
    }

    private void Handle(GuestRequest request, uint id, AgentStream stream)
    {
        try
        {
            handler(request, stream);
            stream.Send(new FailedReply("The guest agent gave no answer.", null)); // Nothing, after a last message.
        }
        catch (OperationCanceledException)
        {
            // The host no longer wants it.
        }
        catch (Exception e)
        {
            stream.Send(new FailedReply(e.Message, null));
        }
        finally
        {
            lock (_streams)
            {
                if (_streams.GetValueOrDefault(id) == stream)
                    _streams.Remove(id);
            }
        }
    }

    private AgentStream? Find(uint id)
    {
        lock (_streams)
            return _streams.GetValueOrDefault(id);
    }

    private void CancelAll()
    {
        lock (_streams)
        {
            foreach (var stream in _streams.Values)
                stream.Cancel();
            _streams.Clear();
        }
    }
}
