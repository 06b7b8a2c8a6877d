using System.Net;
using System.Net.Http.Headers;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images.Oci;

namespace Hypeman.NodeRuntime.Images.Registry;

/// <summary>A manifest as it came.</summary>
internal sealed record FetchedManifest(byte[] Content, Digest Digest, string? ContentType);

/// <summary>One repository at its registry, as one user. Several downloads may go on at once.</summary>
internal sealed class RegistrySession(
    RegistryTransport transport, Uri registryUri, ImageReference reference, RegistryLogin? login)
{
    private const int MaxErrorBytes = 64 << 10;
    private const int MaxTriesWithoutProgress = 5;
    private const int ChunkSize = 128 << 10;

    private readonly RegistryTokens _tokens = new(transport, reference.Registry, reference.Repository, login);
    private AuthenticationHeaderValue? _authorization;

    /// <param name="tagOrDigest">Which manifest of the repository.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NodeException">NotFound, Unauthorized, RateLimited, Unavailable; Invalid: too large, wrong digest.</exception>
    public async Task<FetchedManifest> GetManifestAsync(string tagOrDigest, CancellationToken cancellationToken)
    {
        var uri = UriOf("manifests", tagOrDigest);
        using var answer = await SendAsync(() =>
        {
            var request = new HttpRequestMessage(HttpMethod.Get, uri);
            foreach (var mediaType in MediaTypes.Manifests)
                request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(mediaType));
            return request;
        }, cancellationToken);
        await ThrowIfRefusedAsync(answer, $"Image {reference}", cancellationToken);

        var content = await ReadManifestAsync(answer, uri, cancellationToken);
        var digest = Digest.Of(content);
        var isLie = answer.Headers.TryGetValues("Docker-Content-Digest", out var claimed) && claimed.Single() != digest.ToString();
        if (isLie || (Digest.TryParse(tagOrDigest, out var asked) && asked != digest))
            throw new NodeException(NodeErrorKind.Invalid, $"The registry sent another manifest for {reference} than its digest says.");
        return new FetchedManifest(content, digest, answer.Content.Headers.ContentType?.MediaType);
    }

    /// <summary>Writes a blob, going on where a lost connection left off. Checks its size; the digest is checked on commit.</summary>
    /// <param name="blob">Which one, and how large it must be.</param>
    /// <param name="writer">Where to; empty.</param>
    /// <param name="report">Is told how many bytes are there.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NodeException">As for manifests.</exception>
    public async Task DownloadAsync(Descriptor blob, BlobWriter writer, Action<long> report, CancellationToken cancellationToken)
    {
        for (var tries = 1; writer.Length < blob.Size || tries == 1; tries++)
        {
            var before = writer.Length;
            try
            {
                await DownloadRestAsync(blob, writer, report, cancellationToken);
                if (writer.Length < blob.Size)
                    throw new HttpRequestException("the connection ended early");
            }
            catch (Exception failure) when (RegistryTransport.IsLostConnection(failure, cancellationToken))
            {
                tries = writer.Length > before ? 1 : tries;
                if (tries == MaxTriesWithoutProgress)
                    throw RegistryTransport.Unreachable(registryUri, failure);
                await transport.PauseAsync(tries, cancellationToken);
            }
        }
    }

    private async Task DownloadRestAsync(Descriptor blob, BlobWriter writer, Action<long> report, CancellationToken cancellationToken)
    {
        var uri = UriOf("blobs", blob.Digest.ToString());
        var offset = writer.Length;
        using var answer = await SendAsync(() => new HttpRequestMessage(HttpMethod.Get, uri)
        {
            Headers = { Range = offset == 0 ? null : new RangeHeaderValue(offset, null) },
        }, cancellationToken);
        await ThrowIfRefusedAsync(answer, $"Blob {blob.Digest} of {reference}", cancellationToken);
        var goesOn = answer.StatusCode == HttpStatusCode.PartialContent && answer.Content.Headers.ContentRange?.From == offset;
        if (offset > 0 && !goesOn)
            writer.Reset();

        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[ChunkSize];
        while (await transport.ReadAsync(body, buffer, cancellationToken) is > 0 and var count)
        {
            if (writer.Length + count > blob.Size)
                throw new NodeException(NodeErrorKind.Invalid, $"Blob {blob.Digest} is larger than the {blob.Size} bytes that its manifest says.");
            await writer.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            report(writer.Length);
        }
    }

    private async Task<byte[]> ReadManifestAsync(HttpResponseMessage answer, Uri uri, CancellationToken cancellationToken)
    {
        try
        {
            return await transport.ReadAllAsync(answer, ImageLimits.ManifestBytes, cancellationToken);
        }
        catch (Exception failure) when (RegistryTransport.IsLostConnection(failure, cancellationToken))
        {
            throw RegistryTransport.Unreachable(uri, failure);
        }
    }

    /// <summary>Sends with what the registry accepted last; when it asks for more, answers once and sends again.</summary>
    private async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> newRequest, CancellationToken cancellationToken)
    {
        var used = _authorization;
        var answer = await transport.SendAsync(() => Authorized(newRequest(), used), cancellationToken);
        if (answer.StatusCode != HttpStatusCode.Unauthorized)
            return answer;
        var challenges = answer.Headers.WwwAuthenticate
            .Select(header => AuthChallenge.Parse(header.Scheme, header.Parameter)).ToList();
        if (challenges.Count == 0)
            return answer;
        answer.Dispose();

        var authorization = await _tokens.AnswerAsync(challenges, registryUri, cancellationToken);
        _authorization = authorization;
        return await transport.SendAsync(() => Authorized(newRequest(), authorization), cancellationToken);
    }

    private static HttpRequestMessage Authorized(HttpRequestMessage request, AuthenticationHeaderValue? authorization)
    {
        request.Headers.Authorization = authorization;
        return request;
    }

    private async Task ThrowIfRefusedAsync(HttpResponseMessage answer, string what, CancellationToken cancellationToken)
    {
        if (answer.IsSuccessStatusCode)
            return;
        var body = Array.Empty<byte>();
        try
        {
            body = await transport.ReadAllAsync(answer, MaxErrorBytes, cancellationToken);
        }
        catch (Exception failure) when (failure is NodeException || RegistryTransport.IsLostConnection(failure, cancellationToken))
        {
            // The status says enough.
        }
        throw RegistryFailure.From(what, answer.StatusCode, body, hasLogin: login is not null);
    }

    private Uri UriOf(string kind, string name) => new(registryUri, $"{reference.Repository}/{kind}/{name}");
}
