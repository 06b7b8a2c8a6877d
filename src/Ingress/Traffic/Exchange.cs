using Hypeman.Ingress.Routing;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Hypeman.Ingress.Traffic;

/// <summary>One request and its answer: what became of it, noted on its way by whoever knows.</summary>
internal sealed class Exchange(HttpContext context)
{
    private long _bytesIn;
    private long _bytesOut;

    public HttpContext Context => context;

    /// <summary>The host that is asked for, in its one spelling; empty when there is none.</summary>
    public string Host { get; set; } = "";

    /// <summary>Null when no rule is for it.</summary>
    public Route? Route { get; set; }

    /// <summary>The instance it went to last; null when it came to none.</summary>
    public Target? Target { get; set; }

    /// <summary>How long it waited for its instance to wake; null when it did not.</summary>
    public TimeSpan? Waited { get; set; }

    /// <summary>How often it was sent once more, since the instance had gone from where it was.</summary>
    public int Repeats { get; set; }

    /// <summary>Something of the request's body was asked for, to be sent on.</summary>
    public bool IsBodyBegun { get; set; }

    public ForwarderError Error { get; set; }

    /// <summary>Bytes of the request's body, or of what the client said after an upgrade.</summary>
    public long BytesIn => Interlocked.Read(ref _bytesIn);

    /// <summary>Bytes of the answer's body, or of what the instance said after an upgrade.</summary>
    public long BytesOut => Interlocked.Read(ref _bytesOut);

    public void CountIn(int bytes) => Interlocked.Add(ref _bytesIn, bytes);

    public void CountOut(int bytes) => Interlocked.Add(ref _bytesOut, bytes);
}
