namespace Hypeman.GuestProtocol.Framing;

/// <summary>One frame as read. The payload lives in the reader's buffer until the reader is fed again.</summary>
public readonly record struct Frame(FrameType Type, uint Stream, ReadOnlyMemory<byte> Payload)
{
    /// <summary>What the frame takes of its stream's window; empty frames cost too.</summary>
    public int Cost => FrameCodec.Cost(Payload.Length);
}
