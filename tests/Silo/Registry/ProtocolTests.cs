using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Hypeman.NodeRuntime.Images;
using Hypeman.Tests.Testing.Images;

namespace Hypeman.Tests.Silo.Registry;

/// <summary>The protocol, request by request, where clients differ or go wrong.</summary>
public sealed class ProtocolTests : IAsyncLifetime
{
    private static readonly byte[] Content = Encoding.UTF8.GetBytes("0123456789");
    private static readonly string ContentDigest = OciImage.DigestOf(Content);

    private RegistryFixture _registry = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _registry = await RegistryFixture.StartAsync();

    public ValueTask DisposeAsync() => _registry.DisposeAsync();

    [Fact]
    public async Task A_blob_may_come_in_one_request()
    {
        var answer = await SendAsync(HttpMethod.Post, $"/v2/a/b/blobs/uploads/?digest={ContentDigest}", Content);
        Assert.Equal((HttpStatusCode.Created, $"/v2/a/b/blobs/{ContentDigest}"), (answer.StatusCode, answer.Headers.Location?.ToString()));
        Assert.Equal(10, _registry.Blobs.Find(Digest.Parse(ContentDigest)));
    }

    [Fact]
    public async Task A_blob_may_come_in_the_request_that_ends_the_upload()
    {
        var location = await BeginAsync();
        var answer = await SendAsync(HttpMethod.Put, $"{location}?digest={Uri.EscapeDataString(ContentDigest)}", Content);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    [Fact]
    public async Task A_blob_may_come_in_chunks()
    {
        var location = await BeginAsync();
        var first = await SendAsync(HttpMethod.Patch, location, Content[..4], "0-3");
        var second = await SendAsync(HttpMethod.Patch, location, Content[4..9], "4-8");
        var status = await SendAsync(HttpMethod.Get, location);
        var last = await SendAsync(HttpMethod.Put, $"{location}?digest={ContentDigest}", Content[9..], "9-9");

        Assert.Equal((HttpStatusCode.Accepted, "0-3"), (first.StatusCode, first.Headers.GetValues("Range").Single()));
        Assert.Equal((HttpStatusCode.Accepted, "0-8"), (second.StatusCode, second.Headers.GetValues("Range").Single()));
        Assert.Equal((HttpStatusCode.NoContent, "0-8"), (status.StatusCode, status.Headers.GetValues("Range").Single()));
        Assert.Equal(HttpStatusCode.Created, last.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Get, location)).StatusCode);
    }

    [Fact]
    public async Task A_chunk_that_leaves_a_gap_is_refused_and_told_where_to_go_on()
    {
        var location = await BeginAsync();
        await SendAsync(HttpMethod.Patch, location, Content[..4], "0-3");
        var answer = await SendAsync(HttpMethod.Patch, location, Content[6..], "6-9");
        Assert.Equal((HttpStatusCode.RequestedRangeNotSatisfiable, "0-3", "BLOB_UPLOAD_INVALID"),
            (answer.StatusCode, answer.Headers.GetValues("Range").Single(), await CodeOf(answer)));
    }

    [Fact]
    public async Task A_cancelled_upload_is_gone()
    {
        var location = await BeginAsync();
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Delete, location)).StatusCode);
        var answer = await SendAsync(HttpMethod.Patch, location, Content);
        Assert.Equal((HttpStatusCode.NotFound, "BLOB_UPLOAD_UNKNOWN"), (answer.StatusCode, await CodeOf(answer)));
    }

    [Theory]
    [InlineData("sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("sha512:00")]
    [InlineData("")]
    public async Task A_wrong_digest_is_refused_and_nothing_is_kept(string digest)
    {
        var answer = await SendAsync(HttpMethod.Put, $"{await BeginAsync()}?digest={digest}", Content);
        Assert.Equal((HttpStatusCode.BadRequest, "DIGEST_INVALID"), (answer.StatusCode, await CodeOf(answer)));
        Assert.Null(_registry.Blobs.Find(Digest.Parse(ContentDigest)));
    }

    [Fact]
    public async Task A_blob_that_one_repository_has_is_there_for_all()
    {
        await SendAsync(HttpMethod.Post, $"/v2/a/blobs/uploads/?digest={ContentDigest}", Content);
        var head = await SendAsync(HttpMethod.Head, $"/v2/other/blobs/{ContentDigest}");
        var mount = await SendAsync(HttpMethod.Post, $"/v2/third/blobs/uploads/?mount={ContentDigest}&from=a");
        var noMount = await SendAsync(HttpMethod.Post, $"/v2/third/blobs/uploads/?mount={OciImage.DigestOf([1])}&from=a");
        Assert.Equal((HttpStatusCode.OK, 10), (head.StatusCode, head.Content.Headers.ContentLength));
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Accepted), (mount.StatusCode, noMount.StatusCode));
    }

    [Fact]
    public async Task A_part_of_a_blob_can_be_read()
    {
        await SendAsync(HttpMethod.Post, $"/v2/a/blobs/uploads/?digest={ContentDigest}", Content);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v2/a/blobs/{ContentDigest}");
        request.Headers.Range = new RangeHeaderValue(3, 5);
        var answer = await _registry.Client.SendAsync(request, Stop);
        Assert.Equal((HttpStatusCode.PartialContent, "345"), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Stop)));
    }

    [Fact]
    public async Task A_manifest_whose_blobs_are_missing_is_refused()
    {
        var image = new OciImageBuilder().File("a", "b").Build();
        var answer = await SendAsync(HttpMethod.Put, "/v2/a/manifests/v1", image.Manifest, mediaType: image.MediaType);
        Assert.Equal((HttpStatusCode.BadRequest, "MANIFEST_BLOB_UNKNOWN"), (answer.StatusCode, await CodeOf(answer)));
        Assert.Empty(_registry.Imports);
    }

    [Fact]
    public async Task A_manifest_that_is_pushed_by_another_digest_than_its_own_is_refused()
    {
        var image = new OciImageBuilder().File("a", "b").Build();
        await PushBlobsAsync(image);
        var answer = await SendAsync(HttpMethod.Put, $"/v2/a/manifests/{ContentDigest}", image.Manifest, mediaType: image.MediaType);
        Assert.Equal((HttpStatusCode.BadRequest, "DIGEST_INVALID"), (answer.StatusCode, await CodeOf(answer)));
        Assert.Empty(_registry.Imports);
    }

    [Fact]
    public async Task A_manifest_by_its_digest_becomes_an_image_by_its_digest()
    {
        var image = new OciImageBuilder().File("a", "b").Build();
        await PushBlobsAsync(image);
        var path = $"/v2/a/b/manifests/{image.ManifestDigest}";

        var put = await SendAsync(HttpMethod.Put, path, image.Manifest, mediaType: image.MediaType);
        var get = await SendAsync(HttpMethod.Get, path);

        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal(image.ManifestDigest, put.Headers.GetValues("Docker-Content-Digest").Single());
        Assert.Equal(($"{_registry.Host}/a/b@{image.ManifestDigest}", image.ManifestDigest), Assert.Single(_registry.Imports));
        Assert.Equal((image.MediaType, image.Manifest.Length), (get.Content.Headers.ContentType?.MediaType, (int)get.Content.Headers.ContentLength!));
    }

    [Theory]
    [InlineData("PUT", "/v2/a/manifests/v1", "{}", 400, "MANIFEST_INVALID")]
    [InlineData("PUT", "/v2/a/manifests/v1", "no json", 400, "MANIFEST_INVALID")]
    [InlineData("PUT", "/v2/a/manifests/v1", """{"schemaVersion":1}""", 400, "MANIFEST_INVALID")]
    [InlineData("PUT", "/v2/a/manifests/.bad", "{}", 400, "MANIFEST_INVALID")]
    [InlineData("GET", "/v2/a/manifests/nothing", null, 404, "MANIFEST_UNKNOWN")]
    [InlineData("GET", "/v2/a/blobs/sha256:0000000000000000000000000000000000000000000000000000000000000000", null, 404, "BLOB_UNKNOWN")]
    [InlineData("GET", "/v2/a/blobs/nonsense", null, 400, "DIGEST_INVALID")]
    [InlineData("GET", "/v2/UPPER/manifests/v1", null, 400, "NAME_INVALID")]
    [InlineData("POST", "/v2/a..b/blobs/uploads/", null, 400, "NAME_INVALID")]
    [InlineData("GET", "/v2/a/blobs/uploads/unknown", null, 404, "BLOB_UPLOAD_UNKNOWN")]
    [InlineData("DELETE", "/v2/a/manifests/v1", null, 405, "UNSUPPORTED")]
    [InlineData("POST", "/v2/a/manifests/v1", "{}", 405, "UNSUPPORTED")]
    public async Task Every_refusal_has_the_form_of_the_protocol(string method, string path, string? body, int status, string code)
    {
        var answer = await SendAsync(new HttpMethod(method), path, body is null ? null : Encoding.UTF8.GetBytes(body));
        Assert.Equal((status, code), ((int)answer.StatusCode, await CodeOf(answer)));
    }

    [Fact]
    public async Task Too_large_a_manifest_is_refused()
    {
        var answer = await SendAsync(HttpMethod.Put, "/v2/a/manifests/v1", new byte[(4 << 20) + 1]);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "SIZE_INVALID"), (answer.StatusCode, await CodeOf(answer)));
    }

    [Fact]
    public async Task The_token_of_a_user_comes_back_as_a_token_for_the_registry()
    {
        using var basic = new HttpClient { BaseAddress = _registry.Client.BaseAddress };
        basic.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{RegistryFixture.ReaderToken}:x")));
        var pull = await basic.GetAsync("/v2/token?service=hypeman&scope=repository:a/b:pull", Stop);
        var push = await basic.GetAsync("/v2/token?scope=repository:a/b:pull,push", Stop);
        using var json = JsonDocument.Parse(await pull.Content.ReadAsStringAsync(Stop));
        Assert.Equal((RegistryFixture.ReaderToken, RegistryFixture.ReaderToken, 300), (
            json.RootElement.GetProperty("token").GetString(), json.RootElement.GetProperty("access_token").GetString(),
            json.RootElement.GetProperty("expires_in").GetInt32()));
        Assert.True(json.RootElement.TryGetProperty("issued_at", out _));
        Assert.Equal((HttpStatusCode.Forbidden, "DENIED"), (push.StatusCode, await CodeOf(push)));
    }

    [Theory]
    [InlineData(RegistryFixture.ReaderToken)]
    [InlineData(RegistryFixture.BuilderToken)]
    public async Task Without_the_right_to_write_an_upload_is_refused(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/a/blobs/uploads/");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var answer = await _registry.Client.SendAsync(request, Stop);
        Assert.Equal((HttpStatusCode.Forbidden, "DENIED"), (answer.StatusCode, await CodeOf(answer)));
    }

    [Fact]
    public async Task A_builder_that_reads_what_is_not_its_own_is_sent_to_the_next_registry()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v2/library/alpine/manifests/latest");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", RegistryFixture.BuilderToken);
        var answer = await _registry.Client.SendAsync(request, Stop);
        Assert.Equal((HttpStatusCode.BadGateway, "UNAVAILABLE"), (answer.StatusCode, await CodeOf(answer)));
    }

    [Theory]
    [InlineData("GET", "/v2/", 200)]
    [InlineData("POST", "/v2/builds/1/blobs/uploads/", 202)]
    [InlineData("HEAD", "/v2/builds/1/manifests/latest", 404)]
    [InlineData("GET", "/v2/base/app/manifests/latest", 404)]
    [InlineData("POST", "/v2/base/app/blobs/uploads/", 403)]
    [InlineData("PUT", "/v2/base/app/manifests/latest", 403)]
    [InlineData("POST", "/v2/builds/2/blobs/uploads/", 403)]
    [InlineData("HEAD", "/v2/builds/2/manifests/latest", 502)]
    public async Task A_builder_may_do_what_its_token_lists(string method, string path, int status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", RegistryFixture.BuilderToken);
        Assert.Equal(status, (int)(await _registry.Client.SendAsync(request, Stop)).StatusCode);
    }

    [Theory]
    [InlineData("", 200)]
    [InlineData("?scope=repository:builds/1:pull,push", 200)]
    [InlineData("?scope=repository:base/app:pull&scope=repository:builds/1:push", 200)]
    [InlineData("?scope=repository:base/app:pull,push", 403)]
    [InlineData("?scope=repository:builds/1:push%20repository:library/alpine:pull", 403)]
    [InlineData("?scope=repository:builds/1:delete", 403)]
    [InlineData("?scope=push", 403)]
    public async Task A_builder_gets_a_token_for_what_its_own_lists(string query, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v2/token{query}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", RegistryFixture.BuilderToken);
        Assert.Equal(status, (int)(await _registry.Client.SendAsync(request, Stop)).StatusCode);
    }

    private async Task<string> BeginAsync()
    {
        var answer = await SendAsync(HttpMethod.Post, "/v2/a/blobs/uploads/");
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return answer.Headers.Location!.ToString();
    }

    private async Task PushBlobsAsync(OciImage image)
    {
        foreach (var (digest, content) in image.Blobs)
            await SendAsync(HttpMethod.Post, $"/v2/a/blobs/uploads/?digest={digest}", content);
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, byte[]? content = null, string? range = null, string? mediaType = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (content is not null)
            request.Content = new ByteArrayContent(content);
        if (range is not null)
            request.Content!.Headers.TryAddWithoutValidation("Content-Range", range);
        if (mediaType is not null)
            request.Content!.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        return await _registry.Client.SendAsync(request, Stop);
    }

    private static async Task<string?> CodeOf(HttpResponseMessage answer)
    {
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Stop));
        return json.RootElement.GetProperty("errors")[0].GetProperty("code").GetString();
    }
}
