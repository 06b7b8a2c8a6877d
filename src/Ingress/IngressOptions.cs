using Microsoft.Extensions.Options;

namespace Hypeman.Ingress;

/// <summary>How this process takes in traffic for instances.</summary>
public sealed class IngressOptions
{
    /// <summary>Address to listen on: an IP address, or <c>*</c> for all of both families. Default: <c>*</c>.</summary>
    public string ListenAddress { get; set; } = "*";

    /// <summary>
    /// The port behind which rules for port 80 are served, for hosts where 80 is taken; 0 picks a free one.
    /// Default: 80.
    /// </summary>
    public int ListenPort { get; set; } = 80;

    /// <summary>The port behind which rules for port 443 are served, opened when there are some; 0 picks a free one. Default: 443.</summary>
    public int ListenTlsPort { get; set; } = 443;

    /// <summary>Hostname under which the API is served here, in lower case; empty: it is not. Default: empty.</summary>
    public string ApiHostname { get; set; } = "";

    /// <summary>Whether that is on port 443 with TLS, else it is on port 80. Default: true.</summary>
    public bool ApiTls { get; set; } = true;

    /// <summary>Whether callers of port 80 are sent to 443 then. Default: true.</summary>
    public bool ApiRedirectHttp { get; set; } = true;

    /// <summary>Where the API is; null while it is not known. Default: nowhere.</summary>
    public Func<Uri?> ApiUpstream { get; set; } = () => null;

    /// <summary>How many ports besides <see cref="ListenPort"/> rules may open here. Default: 500.</summary>
    public int MaxExtraPorts { get; set; } = 500;

    /// <summary>Time to reach an instance's port before the answer is 504. Default: 5 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long requests wait for an instance that sleeps before the answer is 503. Default: 30 s.</summary>
    public TimeSpan WakeTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Requests that wait for one sleeping instance at a time; more are answered 503. Default: 1,000.</summary>
    public int MaxWaitingPerInstance { get; set; } = 1_000;

    /// <summary>Requests that wait for sleeping instances in all. Default: 5,000.</summary>
    public int MaxWaiting { get; set; } = 5_000;

    /// <summary>
    /// How long a request, a stream or a WebSocket may stay without a byte either way. Shorter frees what dead peers
    /// hold, longer spares quiet connections. Default: 5 min.
    /// </summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Time for all headers of a request to arrive, from its first byte on, before the answer is 408. Default: 30 s.</summary>
    public TimeSpan HeadersTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long open requests may go on when this process stops. Default: 10 s.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Client connections held at a time, WebSockets included. Default: 20,000.</summary>
    public long MaxConnections { get; set; } = 20_000;

    /// <summary>File with a line of JSON for each request; empty for none. Default: empty.</summary>
    public string AccessLog { get; set; } = "";

    /// <summary>Rules that metrics tell apart; more are counted together as <c>other</c>. Default: 1,000.</summary>
    public int MaxMetricLabels { get; set; } = 1_000;

    /// <summary>Bytes of one request body, which is streamed and never held; null means no limit. Default: null.</summary>
    public long? MaxRequestBodyBytes { get; set; }
}

internal sealed class IngressOptionsValidator : IValidateOptions<IngressOptions>
{
    public ValidateOptionsResult Validate(string? name, IngressOptions options)
    {
        var errors = new List<string>();
        if (options.ListenAddress != "*" && !System.Net.IPAddress.TryParse(options.ListenAddress, out _))
            errors.Add($"Ingress ListenAddress '{options.ListenAddress}' is not an IP address; use one, or * for all.");
        if (options.ListenPort is < 0 or > 65535)
            errors.Add($"Ingress ListenPort {options.ListenPort} is not a port; use 1 to 65535, or 0 for any free one.");
        if (options.ListenTlsPort is < 0 or > 65535)
            errors.Add($"Ingress ListenTlsPort {options.ListenTlsPort} is not a port; use 1 to 65535, or 0 for any free one.");
        if (options.ListenTlsPort > 0 && options.ListenTlsPort == options.ListenPort)
            errors.Add($"Ingress ListenTlsPort and ListenPort are both {options.ListenPort}; rules for port 80 and for port 443 need one each.");
        if (options.MaxExtraPorts < 0)
            errors.Add("Ingress MaxExtraPorts must not be negative.");
        if (options.MaxConnections < 1)
            errors.Add("Ingress MaxConnections must be at least 1.");
        if (options.MaxWaitingPerInstance < 1 || options.MaxWaiting < options.MaxWaitingPerInstance)
            errors.Add("Ingress MaxWaitingPerInstance must be at least 1, and MaxWaiting not less than that.");
        if (options.MaxMetricLabels < 0)
            errors.Add("Ingress MaxMetricLabels must not be negative.");
        if (options.MaxRequestBodyBytes < 0)
            errors.Add("Ingress MaxRequestBodyBytes must not be negative; leave it out for no limit.");
        foreach (var (what, value) in new[]
        {
            (nameof(options.ConnectTimeout), options.ConnectTimeout),
            (nameof(options.WakeTimeout), options.WakeTimeout),
            (nameof(options.IdleTimeout), options.IdleTimeout),
            (nameof(options.DrainTimeout), options.DrainTimeout),
            (nameof(options.HeadersTimeout), options.HeadersTimeout),
        })
        {
            if (value <= TimeSpan.Zero)
                errors.Add($"Ingress {what} must be more than zero.");
        }
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
