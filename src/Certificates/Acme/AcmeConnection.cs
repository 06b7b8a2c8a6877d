using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Hypeman.Certificates.Acme;

/// <summary>An answer of an ACME server.</summary>
/// <param name="Text">The body.</param>
/// <param name="Location">What was made.</param>
/// <param name="RetryAfter">When it is worth asking again.</param>
internal sealed record AcmeAnswer(string Text, Uri? Location, TimeSpan? RetryAfter)
{
    public T Read<T>(JsonTypeInfo<T> type) => JsonSerializer.Deserialize(Text, type) ?? throw new JsonException("The answer is null.");
}

/// <summary>Signed requests to an ACME server, and the nonces they need (RFC 8555, section 6).</summary>
internal sealed class AcmeConnection(HttpClient http, AccountKey key, Uri directory, TimeProvider time)
{
    /// <summary>A nonce is good for one request, and servers forget them; a fresh one comes with the refusal.</summary>
    private const int MostNonces = 5;

    /// <summary>An answer is a certificate chain at the most.</summary>
    private const int MostBytes = 1 << 20;

    private AcmeDirectory? _directory;
    private string? _nonce;

    /// <summary>The account; null before it is known, when requests carry the key itself.</summary>
    public Uri? Account { get; set; }

    public async Task<AcmeDirectory> DirectoryAsync(CancellationToken cancellationToken) => _directory ??=
        (await ReadAsync(new HttpRequestMessage(HttpMethod.Get, directory), cancellationToken)).Read(AcmeJson.Default.AcmeDirectory);

    /// <param name="url">Whom it is for.</param>
    /// <param name="payload">Null only asks.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AcmeException">The server refuses it.</exception>
    public async Task<AcmeAnswer> PostAsync(Uri url, JsonNode? payload, CancellationToken cancellationToken)
    {
        for (var nonces = 1; ; nonces++)
            try
            {
                return await ReadAsync(await SignedAsync(url, payload?.ToJsonString(), cancellationToken), cancellationToken);
            }
            catch (AcmeException refused) when (refused.Type == "badNonce" && nonces < MostNonces)
            {
                // The next one is at hand.
            }
    }

    private async Task<HttpRequestMessage> SignedAsync(Uri url, string? payload, CancellationToken cancellationToken)
    {
        var head = new JsonObject { ["nonce"] = await NonceAsync(cancellationToken), ["url"] = url.ToString() };
        if (Account is { } account)
            head["kid"] = account.ToString();
        else
            head["jwk"] = key.Jwk;
        var content = new StringContent(key.Sign(head, payload).ToJsonString(), Encoding.UTF8);
        // The server compares the type as a whole.
        content.Headers.ContentType = new MediaTypeHeaderValue("application/jose+json");
        return new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
    }

    private async Task<string> NonceAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _nonce, null) is { } kept)
            return kept;
        var known = await DirectoryAsync(cancellationToken);
        await ReadAsync(new HttpRequestMessage(HttpMethod.Head, known.NewNonce), cancellationToken);
        return Interlocked.Exchange(ref _nonce, null) ?? throw new HttpRequestException("The ACME server gives no nonce.");
    }

    private async Task<AcmeAnswer> ReadAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var asked = request;
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (answer.Headers.TryGetValues("Replay-Nonce", out var nonces))
            _nonce = nonces.First();
        await answer.Content.LoadIntoBufferAsync(MostBytes, cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        var retryAfter = RetryAfter(answer.Headers.RetryAfter);
        return answer.IsSuccessStatusCode
            ? new AcmeAnswer(text, answer.Headers.Location, retryAfter)
            : throw AcmeException.From(Parse(text), (int)answer.StatusCode, retryAfter);
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header) =>
        header?.Delta ?? (header?.Date is { } date ? date - time.GetUtcNow() : null);

    private static JsonElement Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return default;
        }
    }
}
