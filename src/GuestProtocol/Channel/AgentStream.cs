using Hypeman.GuestProtocol.Framing;
using Hypeman.GuestProtocol.Messages;

namespace Hypeman.GuestProtocol.Channel;

/// <summary>
/// The guest's end of one stream, for the one thread that serves it. It can wait in the calls here, or be woken by
/// <see cref="Changed"/> and use those that never wait.
/// </summary>
public sealed class AgentStream
{
    private readonly object _gate = new();
    private readonly Queue<AgentInput> _inbox = new();
    private readonly uint _id;
    private readonly FrameQueue _outgoing;
    private int _credit = ProtocolLimits.StreamWindow;
    private int _room = ProtocolLimits.StreamWindow;
    private int _taken;
    private bool _ended;
    private bool _cancelled;
    private Action? _changed;

    internal AgentStream(uint id, FrameQueue outgoing)
    {
        _id = id;
        _outgoing = outgoing;
    }

    /// <summary>The host gave the stream up or is gone: end what runs for it; nothing that is sent arrives.</summary>
    public bool Cancelled
    {
        get { lock (_gate) return _cancelled; }
    }

    /// <summary>Bytes that <see cref="Write"/> takes now without waiting.</summary>
    public int Writable
    {
        get { lock (_gate) return Math.Max(0, _credit - FrameCodec.HeaderSize); }
    }

    /// <summary>Called after every input, credit and cancellation, on the channel's thread; also once when it is set.</summary>
    public void OnChanged(Action changed)
    {
        lock (_gate)
            _changed = changed;
        changed();
    }

    /// <summary>The next input, if there is one.</summary>
    public bool TryTake(out AgentInput? input)
    {
        lock (_gate)
        {
            if (!_inbox.TryDequeue(out input))
                return false;
            if (input is InputData data)
                GiveCredit(FrameCodec.Cost(data.Bytes.Length));
            return true;
        }
    }

    /// <summary>Waits for the next input.</summary>
    /// <exception cref="OperationCanceledException">The stream was cancelled.</exception>
    public AgentInput Take()
    {
        lock (_gate)
        {
            AgentInput? input;
            while (!TryTake(out input))
                WaitForChange();
            return input!;
        }
    }

    /// <summary>Sends data in order; waits while the host's window is full.</summary>
    /// <exception cref="OperationCanceledException">The stream was cancelled.</exception>
    public void Write(ReadOnlySpan<byte> bytes, bool isError = false)
    {
        while (bytes.Length > 0)
        {
            // Under the lock up to the queue: after a cancellation nothing of this stream may follow into it.
            lock (_gate)
            {
                var count = TakeCredit(Math.Min(bytes.Length, ProtocolLimits.DataChunk), atLeast: 1);
                var type = isError ? FrameType.ErrorOutput : FrameType.Output;
                _outgoing.Enqueue(FrameCodec.Encode(type, _id, bytes[..count]));
                bytes = bytes[count..];
            }
        }
    }

    /// <summary>Sends a message. The one that ends the stream needs no credit, and is the last that is sent.</summary>
    /// <exception cref="OperationCanceledException">The stream was cancelled.</exception>
    public void Send(GuestReply reply)
    {
        var json = MessageJson.Encode(reply);
        if (json.Length > ProtocolLimits.MaxPayload)
            json = MessageJson.Encode(reply = new FailedReply("An answer of the agent is too long to be sent.", null));
        lock (_gate)
        {
            if (!reply.IsFinal)
            {
                TakeCredit(json.Length, atLeast: json.Length);
                _outgoing.Enqueue(FrameCodec.Encode(FrameType.Reply, _id, json));
                return;
            }
            if (_ended || _cancelled)
                return;
            _ended = true;
            _outgoing.Enqueue(FrameCodec.Encode(FrameType.Final, _id, json));
        }
    }

    /// <summary>Waits until what was sent is on its way, for what ends the machine; no longer than this.</summary>
    public void Flush(TimeSpan patience) => _outgoing.Flush(patience);

    /// <summary>Input from the channel's thread; false when the host sent more than its window.</summary>
    internal bool Receive(AgentInput input)
    {
        lock (_gate)
        {
            if (input is InputData data && (_room -= FrameCodec.Cost(data.Bytes.Length)) < 0)
                return false;
            // Only the latest size counts, and resizing costs the host nothing: never let them pile up.
            if (input is Resized && _inbox.Count > 0 && _inbox.All(queued => queued is Resized))
                _inbox.Clear();
            if (input is InputData || _inbox.Count < ProtocolLimits.StreamWindow / FrameCodec.HeaderSize)
                _inbox.Enqueue(input);
            Change();
            return true;
        }
    }

    internal void AddCredit(int bytes)
    {
        lock (_gate)
        {
            _credit = Math.Min(_credit + bytes, ProtocolLimits.StreamWindow);
            Change();
        }
    }

    internal void Cancel()
    {
        lock (_gate)
        {
            _cancelled = true;
            Change();
        }
    }

    private void GiveCredit(int cost)
    {
        _taken += cost;
        if (_taken < ProtocolLimits.StreamWindow / 2 || _cancelled)
            return;
        _room += _taken;
        _outgoing.Enqueue(StreamFrames.Credit(_id, _taken));
        _taken = 0;
    }

    private int TakeCredit(int wanted, int atLeast)
    {
        while (_credit < FrameCodec.Cost(atLeast) || _cancelled)
            WaitForChange();
        var count = Math.Min(wanted, _credit - FrameCodec.HeaderSize);
        _credit -= FrameCodec.Cost(count);
        return count;
    }

    private void WaitForChange()
    {
        if (_cancelled)
            throw new OperationCanceledException("The host ended the stream.");
        Monitor.Wait(_gate);
    }

    private void Change()
    {
        Monitor.PulseAll(_gate);
        _changed?.Invoke();
    }
}
