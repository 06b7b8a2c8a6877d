using System.Text.Json;
using Hypeman.Ingress.Routing;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Hypeman.Ingress.Traffic;

/// <summary>One line of the access log. Of the target only the path: what stands behind the question mark may be a secret.</summary>
internal sealed record AccessEntry
{
    /// <summary>Callers choose these texts, and need not make our lines longer than this.</summary>
    private const int MostCharacters = 1024;

    public required DateTimeOffset Time { get; init; }
    public required TimeSpan Elapsed { get; init; }
    public required string Client { get; init; }
    public required string Method { get; init; }
    public required string Scheme { get; init; }
    public required string Host { get; init; }
    public required string Path { get; init; }
    public required string Protocol { get; init; }
    public required string UserAgent { get; init; }
    public required int Status { get; init; }
    public required bool IsAborted { get; init; }
    public required long BytesIn { get; init; }
    public required long BytesOut { get; init; }
    public required Route? Route { get; init; }
    public required Target? Target { get; init; }
    public required TimeSpan? Waited { get; init; }
    public required int Repeats { get; init; }
    public required ForwarderError Error { get; init; }

    public static AccessEntry Of(Exchange exchange, DateTimeOffset time, TimeSpan elapsed)
    {
        var (context, request) = (exchange.Context, exchange.Context.Request);
        return new AccessEntry
        {
            Time = time,
            Elapsed = elapsed,
            Client = context.Connection.RemoteIpAddress is { } address ? Addresses.Text(address) : "",
            Method = request.Method,
            Scheme = request.Scheme,
            Host = Short(request.Host.Value),
            Path = Short(PathOf(context.Features.Get<IHttpRequestFeature>()?.RawTarget)),
            Protocol = request.Protocol,
            UserAgent = Short(request.Headers.UserAgent),
            Status = context.Response.StatusCode,
            IsAborted = context.RequestAborted.IsCancellationRequested,
            BytesIn = exchange.BytesIn,
            BytesOut = exchange.BytesOut,
            Route = exchange.Route,
            Target = exchange.Target,
            Waited = exchange.Waited,
            Repeats = exchange.Repeats,
            Error = exchange.Error,
        };
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("time", Time.UtcDateTime);
        json.WriteString("client", Client);
        json.WriteString("method", Method);
        json.WriteString("scheme", Scheme);
        json.WriteString("host", Host);
        json.WriteString("path", Path);
        json.WriteString("protocol", Protocol);
        json.WriteString("user_agent", UserAgent);
        json.WriteNumber("status", Status);
        json.WriteNumber("duration_ms", Math.Round(Elapsed.TotalMilliseconds, 3));
        json.WriteNumber("bytes_in", BytesIn);
        json.WriteNumber("bytes_out", BytesOut);
        if (IsAborted)
            json.WriteBoolean("aborted", true);
        Write(json, Route, Target);
        if (Waited is { } waited)
            json.WriteNumber("waited_ms", Math.Round(waited.TotalMilliseconds, 3));
        if (Repeats > 0)
            json.WriteNumber("repeats", Repeats);
        if (Error != ForwarderError.None)
            json.WriteString("error", Error.ToString());
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Route? route, Target? target)
    {
        if (route is not null)
        {
            json.WriteString("ingress", route.IngressId);
            json.WriteString("rule", route.Rule);
        }
        if (target is not null)
        {
            json.WriteString("instance", target.Id);
            json.WriteString("node", target.Home);
        }
    }

    private static string PathOf(string? target) => target is null ? "" : target.Split('?', 2)[0];

    private static string Short(string? text) => text is null ? "" : text.Length <= MostCharacters ? text : text[..MostCharacters];
}
