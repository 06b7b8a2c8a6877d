using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text.Json;

namespace Hypeman.Client.Http;

/// <summary>Requests to one server: authorization, JSON, and errors as <see cref="ApiException"/>.</summary>
internal sealed class ApiConnection : IDisposable
{
    private readonly HttpClient _http;
    private readonly string? _apiKey;

    public ApiConnection(Uri baseUrl, string? apiKey)
    {
        BaseUrl = baseUrl.AbsoluteUri.EndsWith('/') ? baseUrl : new Uri(baseUrl.AbsoluteUri + "/");
        _apiKey = apiKey;
        // Deadlines are the caller's: waits and streams last as long as they last.
        _http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(10), AllowAutoRedirect = false })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (apiKey is not null)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
    }

    public Uri BaseUrl { get; }

    public async Task<T> GetAsync<T>(string path, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, cancellationToken);
        return await ReadAsync<T>(response, cancellationToken);
    }

    public async Task<TAnswer> PostAsync<TBody, TAnswer>(string path, TBody body, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Post, path, Json(body), cancellationToken);
        return await ReadAsync<TAnswer>(response, cancellationToken);
    }

    public async Task<TAnswer> PatchAsync<TBody, TAnswer>(string path, TBody body, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Patch, path, Json(body), cancellationToken);
        return await ReadAsync<TAnswer>(response, cancellationToken);
    }

    public async Task<TAnswer> PutAsync<TBody, TAnswer>(string path, TBody body, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Put, path, Json(body), cancellationToken);
        return await ReadAsync<TAnswer>(response, cancellationToken);
    }

    public async Task<TAnswer> PostAsync<TAnswer>(string path, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Post, path, null, cancellationToken);
        return await ReadAsync<TAnswer>(response, cancellationToken);
    }

    public async Task<T> DeleteAsync<T>(string path, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Delete, path, null, cancellationToken);
        return await ReadAsync<T>(response, cancellationToken);
    }

    public async Task DeleteAsync(string path, CancellationToken cancellationToken) =>
        (await SendAsync(HttpMethod.Delete, path, null, cancellationToken)).Dispose();

    /// <summary>Sends, and returns as soon as the headers of a good answer are here.</summary>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        var response = await SendAnyAsync(new HttpRequestMessage(method, new Uri(BaseUrl, path)) { Content = content }, cancellationToken);
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw await ErrorAsync(response, cancellationToken);
    }

    /// <summary>Sends and returns whatever the answer is.</summary>
    public async Task<HttpResponseMessage> SendAnyAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new UnreachableException(BaseUrl, e);
        }
    }

    public async Task<ClientWebSocket> OpenSocketAsync(string path, CancellationToken cancellationToken)
    {
        var url = new UriBuilder(new Uri(BaseUrl, path)) { Scheme = BaseUrl.Scheme == "https" ? "wss" : "ws" }.Uri;
        var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        if (_apiKey is not null)
            socket.Options.SetRequestHeader("Authorization", $"Bearer {_apiKey}");
        try
        {
            await socket.ConnectAsync(url, cancellationToken);
            return socket;
        }
        catch (WebSocketException e)
        {
            var status = socket.HttpStatusCode;
            socket.Dispose();
            if ((int)status < 400)
                throw new UnreachableException(BaseUrl, e);
            throw await RefusalAsync(path, status, cancellationToken);
        }
    }

    public static async Task<ApiException> ErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        ErrorBody? body = null;
        try
        {
            body = JsonSerializer.Deserialize(text, ApiJson.Default.ErrorBody);
        }
        catch (JsonException)
        {
            // Not our server's words, a proxy's perhaps: show the start of them.
        }
        var words = body?.Message ?? (text.Length is 0 or > 300 ? response.ReasonPhrase ?? "" : text.Trim());
        return new ApiException(response.StatusCode, body?.Code ?? response.StatusCode.ToString(), words);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>
    /// A WebSocket client cannot read the body of a refusal. The same request without the upgrade is refused for the
    /// same reason, in words.
    /// </summary>
    private async Task<ApiException> RefusalAsync(string path, HttpStatusCode status, CancellationToken cancellationToken)
    {
        using var response = await SendAnyAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(BaseUrl, path)), cancellationToken);
        return response.StatusCode == status
            ? await ErrorAsync(response, cancellationToken)
            : new ApiException(status, status.ToString(), $"The server refused the session ({(int)status} {status}).");
    }

    private static ByteArrayContent Json<T>(T body)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, ApiJson.Of<T>()));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await JsonSerializer.DeserializeAsync(body, ApiJson.Of<T>(), cancellationToken)
                ?? throw new JsonException("The answer is null.");
        }
        catch (JsonException e)
        {
            throw new UnreachableException(BaseUrl, new IOException($"what answers there is no Hypeman API ({e.Message})"));
        }
    }
}
