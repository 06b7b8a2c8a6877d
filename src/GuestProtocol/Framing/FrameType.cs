namespace Hypeman.GuestProtocol.Framing;

/// <summary>What a frame says. Numbers are on the wire: never reuse one.</summary>
public enum FrameType : byte
{
    /// <summary>Host: a new connection begins; everything of an older one is over.</summary>
    Hello = 1,

    /// <summary>Guest: the answer, with the nonce of the hello. Frames before it belong to an older connection.</summary>
    HelloAck = 2,

    /// <summary>Host: opens a stream; the payload is a request as JSON.</summary>
    Open = 3,

    /// <summary>Host: input of a stream.</summary>
    Input = 4,

    /// <summary>Host: no more input.</summary>
    InputEnd = 5,

    /// <summary>Host: rows and columns of the terminal.</summary>
    Resize = 6,

    /// <summary>Host: end the stream and all that it runs; nothing is answered.</summary>
    Cancel = 7,

    /// <summary>Guest: output of a command, or content of a file.</summary>
    Output = 8,

    /// <summary>Guest: error output of a command.</summary>
    ErrorOutput = 9,

    /// <summary>Guest: a message within a stream, as JSON.</summary>
    Reply = 10,

    /// <summary>Guest: the message that ends a stream, as JSON. It needs no credit.</summary>
    Final = 11,

    /// <summary>Both: the reader took so many bytes of a stream's window out.</summary>
    Credit = 12,
}
