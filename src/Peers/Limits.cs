namespace Hypeman.Peers;

/// <summary>Limits that are not for operators to change.</summary>
internal static class Limits
{
    /// <summary>Hosts of one fleet are near each other.</summary>
    public static readonly TimeSpan Connect = TimeSpan.FromSeconds(1);

    /// <summary>A host that could not be reached is passed over for so long, where another will do.</summary>
    public static readonly TimeSpan Avoid = TimeSpan.FromSeconds(10);

    /// <summary>A connection on which nothing comes is asked for a sign of life, and given up without one.</summary>
    public static readonly TimeSpan Ping = TimeSpan.FromSeconds(5);

    /// <summary>For a guest to accept a connection. The ingress has its own, shorter limit.</summary>
    public static readonly TimeSpan InstanceConnect = TimeSpan.FromSeconds(30);

    /// <summary>After a forwarded request on which neither side sends anything for so long, it is given up.</summary>
    public static readonly TimeSpan ForwardSilence = TimeSpan.FromMinutes(5);

    /// <summary>Between tries to follow the index after a failure.</summary>
    public static readonly TimeSpan WatchRetry = TimeSpan.FromSeconds(1);

    /// <summary>When the process ends, what is under way has so long to end by itself.</summary>
    public static readonly TimeSpan Drain = TimeSpan.FromSeconds(5);

    /// <summary>Tunnels and transfers over one connection.</summary>
    public const int StreamsPerConnection = 1000;

    /// <summary>What a peer may send ahead on one stream.</summary>
    public const int StreamWindowBytes = 512 << 10;

    /// <summary>And on all together: large, so that streams whose readers are slow do not stop the others.</summary>
    public const int ConnectionWindowBytes = 64 << 20;

    /// <summary>Hosts that the index says to hold a blob, and that are asked for it.</summary>
    public const int KnownHolders = 4;

    /// <summary>Hosts that may hold a blob because pushes to its repository go there.</summary>
    public const int LikelyHolders = 2;

    /// <summary>Of the words with which a peer refuses.</summary>
    public const int RefusalBytes = 4 << 10;
}
