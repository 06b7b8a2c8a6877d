using System.Diagnostics.Metrics;
using Hypeman.Ingress.Routing;
using Microsoft.Extensions.Options;

namespace Hypeman.Ingress.Traffic;

/// <summary>What the ingress counts. Rules are named as they match, <c>{instance}.example.com:80</c>, never by what callers ask for.</summary>
public sealed class IngressMetrics
{
    public const string MeterName = "Hypeman.Ingress";

    private const string RuleTag = "hypeman.ingress.rule", NoRule = "none";

    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    };

    private readonly LabelBudget _labels;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _bytes;
    private readonly UpDownCounter<long> _active;
    private readonly Histogram<double> _waited;
    private readonly Histogram<double> _wake;
    private readonly Counter<long> _unlogged;
    private long _open;

    public IngressMetrics(IMeterFactory meters, IOptions<IngressOptions> options)
    {
        _labels = new LabelBudget(options.Value.MaxMetricLabels);
        var meter = meters.Create(MeterName);
        _duration = meter.CreateHistogram(
            "hypeman.ingress.request.duration", "s", "From the request's headers to the last byte of the answer.", advice: Seconds);
        _bytes = meter.CreateCounter<long>("hypeman.ingress.io", "By", "Bodies, and what is said after an upgrade.");
        _active = meter.CreateUpDownCounter<long>("hypeman.ingress.active_requests", "{request}", "Requests that are being answered.");
        _waited = meter.CreateHistogram(
            "hypeman.ingress.request.wait", "s", "How long requests waited for an instance to wake.", advice: Seconds);
        _wake = meter.CreateHistogram("hypeman.ingress.wake.duration", "s", "Wakes by requests; many that wait are one.", advice: Seconds);
        _unlogged = meter.CreateCounter<long>("hypeman.ingress.access_log.dropped", "{line}", "Lines that the disk was too slow for.");
    }

    /// <summary>Requests that are being answered.</summary>
    internal long Open => Interlocked.Read(ref _open);

    internal void Began()
    {
        Interlocked.Increment(ref _open);
        _active.Add(1);
    }

    internal void Ended(Exchange exchange, int status, TimeSpan elapsed)
    {
        Interlocked.Decrement(ref _open);
        _active.Add(-1);
        var rule = Rule(exchange.Route);
        _duration.Record(elapsed.TotalSeconds, rule, new("http.response.status_code", status));
        if (exchange.BytesIn is > 0 and var bytesIn)
            _bytes.Add(bytesIn, rule, new("direction", "in"));
        if (exchange.BytesOut is > 0 and var bytesOut)
            _bytes.Add(bytesOut, rule, new("direction", "out"));
        if (exchange.Waited is { } waited)
            _waited.Record(waited.TotalSeconds, rule);
    }

    /// <param name="route">Of the first that waited.</param>
    /// <param name="elapsed">Until the instance ran, or it was given up.</param>
    /// <param name="outcome"><c>awake</c>, or why it is not: <c>refused</c>, <c>late</c>, <c>failed</c>.</param>
    internal void Woke(Route route, TimeSpan elapsed, string outcome) =>
        _wake.Record(elapsed.TotalSeconds, Rule(route), new("outcome", outcome));

    internal void Unlogged() => _unlogged.Add(1);

    private KeyValuePair<string, object?> Rule(Route? route) => new(RuleTag, route is null ? NoRule : _labels.Of(route.Rule));
}
