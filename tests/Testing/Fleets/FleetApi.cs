using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Tests.Testing.Fleets;

/// <summary>The API of one gateway, called from within a network namespace.</summary>
public sealed class FleetApi : IDisposable
{
    /// <summary>What is null was not asked for.</summary>
    private static readonly JsonSerializerOptions WithoutNulls = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly HttpClient _http;

    /// <param name="network">Where the calls come from; asked for each connection, as it may be made anew.</param>
    /// <param name="address">Of the gateway, for example <c>127.0.0.1:8080</c>.</param>
    /// <param name="timeout">For one call.</param>
    public FleetApi(Func<NetworkNamespace> network, string address, TimeSpan timeout)
    {
        Address = address;
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = (context, cancellationToken) => ConnectAsync(network(), context.DnsEndPoint, cancellationToken),
            UseProxy = false,
        })
        {
            BaseAddress = new Uri($"http://{address}"),
            Timeout = timeout,
        };
    }

    /// <summary>Host and port, which is also the registry's.</summary>
    public string Address { get; }

    /// <summary>For all calls from now on.</summary>
    public string Token
    {
        get => _http.DefaultRequestHeaders.Authorization?.Parameter ?? "";
        set => _http.DefaultRequestHeaders.Authorization = new("Bearer", value);
    }

    /// <exception cref="HttpRequestException">The status is not one of success; with the answer's text.</exception>
    public async Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) =>
        await ReadAsync(await _http.GetAsync(path, cancellationToken), cancellationToken);

    /// <inheritdoc cref="GetAsync"/>
    public async Task<JsonElement> PostAsync(string path, object? body, CancellationToken cancellationToken) =>
        await ReadAsync(await SendAsync(HttpMethod.Post, path, body, cancellationToken), cancellationToken);

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object? body, CancellationToken cancellationToken) =>
        await _http.SendAsync(new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent(body) }, cancellationToken);

    /// <summary>Asks an ingress for the first page of a host name, as a customer's browser would.</summary>
    /// <param name="hostname">In the Host header.</param>
    /// <param name="ingress">Host and port of the ingress.</param>
    public async Task<HttpResponseMessage> PageAsync(string hostname, string ingress, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{ingress}/") { Headers = { Host = hostname } };
        return await _http.SendAsync(request, cancellationToken);
    }

    /// <summary>The state word of an instance; null when it is gone.</summary>
    public async Task<string?> StateAsync(string id, CancellationToken cancellationToken)
    {
        using var response = await _http.GetAsync($"/instances/{id}", cancellationToken);
        return response.StatusCode == HttpStatusCode.NotFound
            ? null
            : (await ReadAsync(response, cancellationToken)).GetProperty("state").GetString();
    }

    /// <summary>Whether the gateway answers at all.</summary>
    public async Task<bool> IsHealthyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.GetAsync("/health", cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public void Dispose() => _http.Dispose();

    public static async Task<JsonElement> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException(
                $"{response.RequestMessage?.RequestUri}: {(int)response.StatusCode} {text}", inner: null, response.StatusCode);
        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }

    private static StringContent JsonContent(object body) =>
        new(JsonSerializer.Serialize(body, WithoutNulls), Encoding.UTF8, "application/json");

    private static async ValueTask<Stream> ConnectAsync(
        NetworkNamespace network, DnsEndPoint target, CancellationToken cancellationToken)
    {
        var socket = await network.CreateSocketAsync(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(target, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
