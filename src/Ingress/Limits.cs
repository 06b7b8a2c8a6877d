namespace Hypeman.Ingress;

/// <summary>Limits that are not for operators to change.</summary>
internal static class Limits
{
    /// <summary>Request line and headers of one request; browsers with many cookies stay below 16 KiB.</summary>
    public const int RequestLineBytes = 16 * 1024;
    public const int RequestHeadersBytes = 64 * 1024;
    public const int RequestHeaderCount = 200;
    public const int ResponseHeadersKib = 128;

    /// <summary>Between requests of a kept connection, and before the first.</summary>
    public static readonly TimeSpan KeepAlive = TimeSpan.FromMinutes(2);

    /// <summary>For all that a caller has to do before its first request over TLS.</summary>
    public static readonly TimeSpan Handshake = TimeSpan.FromSeconds(10);

    /// <summary>How long a first handshake waits for the certificate to be issued; longer than most issuers take.</summary>
    public static readonly TimeSpan CertificateWait = TimeSpan.FromSeconds(30);

    /// <summary>Hostnames for which certificates are waited for at a time, and asked for in a minute.</summary>
    public const int OpenCertificateRequests = 50;
    public const int CertificateRequestsPerMinute = 60;

    /// <summary>Proofs that are not known here are looked up in the index so often and not more.</summary>
    public const int ChallengeLookUpsPerSecond = 20;

    /// <summary>
    /// An unused connection to an instance is closed after this; most servers close theirs later. It is short because an
    /// open one keeps an instance awake that is to sleep when nobody uses it.
    /// </summary>
    public static readonly TimeSpan PooledIdle = TimeSpan.FromSeconds(2);

    /// <summary>For the tables to learn what an instance has told already: that it is not where they say.</summary>
    public static readonly TimeSpan TablesBehind = TimeSpan.FromSeconds(5);

    /// <summary>For the tables to learn that an instance has gone, when all that is known is that a connection to it has broken.</summary>
    public static readonly TimeSpan TablesLate = TimeSpan.FromSeconds(1);

    /// <summary>A request that an instance goes away under is sent again so often; who falls asleep oftener is not well.</summary>
    public const int MostRepeats = 5;

    /// <summary>How often a port that could not be opened is tried again.</summary>
    public static readonly TimeSpan PortRetry = TimeSpan.FromSeconds(10);

    /// <summary>Lines of the access log that wait for the disk; as many as a second of hard work makes.</summary>
    public const int UnwrittenLines = 20_000;

    /// <summary>Before connections are accepted again that could not be, for want of something that others use.</summary>
    public static readonly TimeSpan AcceptRetry = TimeSpan.FromMilliseconds(100);

    /// <summary>What is written to the access log at once.</summary>
    public const int AccessLogPortionBytes = 256 * 1024;

    /// <summary>The access log and those before it: each so long, and so many.</summary>
    public const long AccessLogBytes = 64 * 1024 * 1024;
    public const int AccessLogFiles = 5;

    /// <summary>Before an access log is tried again that could not be written.</summary>
    public static readonly TimeSpan AccessLogRetry = TimeSpan.FromSeconds(5);

    /// <summary>Pause before the index is watched again after a failure.</summary>
    public static readonly TimeSpan WatchRetry = TimeSpan.FromSeconds(1);
}
