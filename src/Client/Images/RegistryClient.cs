using System.Net;
using System.Net.Http.Headers;
using Hypeman.Client.Http;

namespace Hypeman.Client.Images;

/// <summary>What a push has done so far: blobs of all, bytes sent of the bytes that needed sending.</summary>
public readonly record struct PushProgress(int Blob, int Blobs, long SentBytes, long TotalBytes);

/// <summary>The fleet's own registry: the push half of the OCI distribution protocol.</summary>
public sealed class RegistryClient
{
    private readonly ApiConnection _api;

    internal RegistryClient(ApiConnection api) => _api = api;

    /// <summary>
    /// Pushes an image and returns the name it has in the fleet: <c>HOST/REPOSITORY:TAG</c>. It is converted after
    /// this returns. Blobs that the registry has are not sent again.
    /// </summary>
    /// <param name="name"><c>repository[:tag]</c>, with or without the registry's host in front.</param>
    public async Task<string> PushAsync(
        OciLayout image, string name, Action<PushProgress> progress, CancellationToken cancellationToken)
    {
        var (repository, tag) = Split(name, _api.BaseUrl.Authority);
        var total = image.Blobs.Sum(blob => blob.Size);
        long done = 0;
        for (var i = 0; i < image.Blobs.Count; i++)
        {
            var blob = image.Blobs[i];
            var (at, before) = (i + 1, done);
            void Report(long sent) => progress(new PushProgress(at, image.Blobs.Count, before + sent, total));
            Report(0);
            if (!await HasBlobAsync(repository, blob.Digest, cancellationToken))
                await SendBlobAsync(repository, image, blob, Report, cancellationToken);
            done += blob.Size;
        }

        var manifest = new ByteArrayContent(image.Manifest);
        manifest.Headers.ContentType = new MediaTypeHeaderValue(image.ManifestType);
        using var response = await _api.SendAnyAsync(
            new HttpRequestMessage(HttpMethod.Put, Url($"{repository}/manifests/{tag}")) { Content = manifest }, cancellationToken);
        await ExpectAsync(response, cancellationToken, HttpStatusCode.Created, HttpStatusCode.OK);
        return $"{_api.BaseUrl.Authority}/{repository}:{tag}";
    }

    /// <summary>Repository and tag of a name; the host in front of it is left out when it is the registry's.</summary>
    internal static (string Repository, string Tag) Split(string name, string authority)
    {
        var rest = name.StartsWith(authority + "/", StringComparison.OrdinalIgnoreCase) ? name[(authority.Length + 1)..] : name;
        var colon = rest.LastIndexOf(':');
        var (repository, tag) = colon > rest.LastIndexOf('/') ? (rest[..colon], rest[(colon + 1)..]) : (rest, "latest");
        if (repository.Length == 0 || tag.Length == 0 || repository.AsSpan().ContainsAnyInRange('A', 'Z') || rest.Contains('@'))
            throw new InvalidDataException($"'{name}' is no name to push to: use REPOSITORY[:TAG] in lower case, for example myapp:v1.");
        return (repository, tag);
    }

    private async Task<bool> HasBlobAsync(string repository, string digest, CancellationToken cancellationToken)
    {
        using var response = await _api.SendAnyAsync(
            new HttpRequestMessage(HttpMethod.Head, Url($"{repository}/blobs/{digest}")), cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
            return false;
        await ExpectAsync(response, cancellationToken, HttpStatusCode.OK);
        return true;
    }

    private async Task SendBlobAsync(
        string repository, OciLayout image, OciDescriptor blob, Action<long> report, CancellationToken cancellationToken)
    {
        using var begun = await _api.SendAnyAsync(
            new HttpRequestMessage(HttpMethod.Post, Url($"{repository}/blobs/uploads/")), cancellationToken);
        await ExpectAsync(begun, cancellationToken, HttpStatusCode.Accepted);
        var location = begun.Headers.Location
            ?? throw new InvalidDataException("The registry accepted an upload but did not say where to.");
        var target = new Uri(_api.BaseUrl, location);
        // The key goes to our server only, wherever a Location points.
        if (target.Authority != _api.BaseUrl.Authority || target.Scheme != _api.BaseUrl.Scheme)
            throw new InvalidDataException($"The registry sends uploads to another host ({target.Authority}); that is not followed.");

        var url = $"{target.AbsoluteUri}{(target.Query.Length == 0 ? '?' : '&')}digest={Uri.EscapeDataString(blob.Digest)}";
        await using var file = image.OpenBlob(blob);
        var content = new StreamContent(new CountingStream(file, report), SocketFrames.ChunkBytes);
        content.Headers.ContentLength = blob.Size;
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var response = await _api.SendAnyAsync(new HttpRequestMessage(HttpMethod.Put, url) { Content = content }, cancellationToken);
        await ExpectAsync(response, cancellationToken, HttpStatusCode.Created, HttpStatusCode.OK);
    }

    private Uri Url(string path) => new(_api.BaseUrl, "/v2/" + path);

    private static async Task ExpectAsync(
        HttpResponseMessage response, CancellationToken cancellationToken, params HttpStatusCode[] statuses)
    {
        if (!statuses.Contains(response.StatusCode))
            throw await RegistryErrorAsync(response, cancellationToken);
    }

    /// <summary>A registry writes its errors as a list; the first one is what went wrong.</summary>
    private static async Task<ApiException> RegistryErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            using var json = System.Text.Json.JsonDocument.Parse(text);
            var first = json.RootElement.GetProperty("errors")[0];
            return new ApiException(
                response.StatusCode, first.GetProperty("code").GetString() ?? "", first.GetProperty("message").GetString() ?? "");
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException)
        {
            return await ApiConnection.ErrorAsync(response, cancellationToken);
        }
    }
}
