namespace Hypeman.GuestProtocol;

/// <summary>Every bound of the protocol between a host and its guests. Sizes in bytes.</summary>
public static class ProtocolLimits
{
    /// <summary>Spoken by this build; the lower one of both sides is used. 2: a hello may say what a wake needs.</summary>
    public const ushort Version = 2;

    /// <summary>Largest payload of a frame.</summary>
    public const int MaxPayload = 64 * 1024;

    /// <summary>What a sender puts into one frame, so that streams take turns on the wire.</summary>
    public const int DataChunk = 32 * 1024;

    /// <summary>What a sender may have under way on one stream before the reader gives more credit.</summary>
    public const int StreamWindow = 256 * 1024;

    /// <summary>Streams open at once on one channel. With the window it bounds what a slow reader can make us hold.</summary>
    public const int MaxStreams = 128;

    /// <summary>Largest boot configuration; the kernel takes no more than 2 MiB of arguments and environment.</summary>
    public const int MaxBootConfig = 4 * 1024 * 1024;

    /// <summary>Longest line of the event file; a longer one is skipped.</summary>
    public const int MaxEventLine = 8 * 1024;

    /// <summary>Longest message in an event, in characters; it is cut by the writer and by the reader.</summary>
    public const int MaxEventMessage = 1024;

    /// <summary>What a reader takes of one event file.</summary>
    public const int MaxEventFile = 1024 * 1024;
}
