using System.Globalization;
using System.Text;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images;
using Hypeman.Tests.Testing.Images;
using Microsoft.AspNetCore.Http;

namespace Hypeman.Tests.NodeRuntime.Images;

/// <summary>Registries that refuse, redirect, break off and lie.</summary>
public sealed class RegistryClientTests : IAsyncLifetime
{
    private static readonly OciImage Image =
        new OciImageBuilder().File("a", Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(400_000))).Build();

    private readonly ImageHostFixture _fixture = new();
    private FakeRegistry _registry = null!;

    private static string LayerDigest => Image.Blobs.MaxBy(blob => blob.Value.Length).Key;

    private string Name => $"{_registry.Host}/app";

    public async ValueTask InitializeAsync() => _registry = (await FakeRegistry.StartAsync()).Add(Image, "app");

    public async ValueTask DisposeAsync()
    {
        await _fixture.DisposeAsync();
        await _registry.DisposeAsync();
    }

    private static Task<bool> Answer(HttpContext context, int status, string? body = null)
    {
        context.Response.StatusCode = status;
        return body is null ? Task.FromResult(true) : WriteAsync();

        async Task<bool> WriteAsync()
        {
            await context.Response.WriteAsync(body);
            return true;
        }
    }

    private static string ErrorBody(string code) => $$"""{ "errors": [ { "code": "{{code}}", "message": "m", "detail": null } ] }""";

    private async Task<NodeException> RefusalAsync(RegistryLogin? login = null) =>
        await Assert.ThrowsAsync<NodeException>(() => _fixture.ResolveAsync(Name, login));

    [Theory]
    [InlineData(404, "NAME_UNKNOWN", false, NodeErrorKind.NotFound)]
    [InlineData(404, "MANIFEST_UNKNOWN", true, NodeErrorKind.NotFound)]
    [InlineData(401, "UNAUTHORIZED", false, NodeErrorKind.NotFound)]
    [InlineData(401, "UNAUTHORIZED", true, NodeErrorKind.Unauthorized)]
    [InlineData(403, "DENIED", true, NodeErrorKind.NotFound)]
    [InlineData(403, "", true, NodeErrorKind.Unauthorized)]
    [InlineData(429, "TOOMANYREQUESTS", false, NodeErrorKind.RateLimited)]
    [InlineData(400, "NAME_INVALID", false, NodeErrorKind.Invalid)]
    [InlineData(418, "", false, NodeErrorKind.Invalid)]
    public async Task A_refusal_is_translated(int status, string code, bool withLogin, NodeErrorKind kind)
    {
        _registry.Script = context => Answer(context, status, ErrorBody(code));
        var failure = await RefusalAsync(withLogin ? new RegistryLogin("u", "p", null) : null);
        Assert.Equal(kind, failure.Kind);
        Assert.Contains("/app:latest", failure.Message, StringComparison.Ordinal);
        Assert.Single(_registry.Requests);
    }

    [Fact]
    public async Task A_passing_failure_is_tried_again()
    {
        var failures = 0;
        _registry.Script = context => failures++ < 3 ? Answer(context, 503) : Task.FromResult(false);
        await _fixture.PullAsync(Name);
    }

    [Fact]
    public async Task A_lasting_failure_is_given_up()
    {
        _registry.Script = context => Answer(context, 500);
        Assert.Equal(NodeErrorKind.Unavailable, (await RefusalAsync()).Kind);
        Assert.Equal(5, _registry.Requests.Count);
    }

    [Fact]
    public async Task A_registry_that_is_not_there_is_unavailable()
    {
        var failure = await Assert.ThrowsAsync<NodeException>(() => _fixture.ResolveAsync("127.0.0.1:1/app"));
        Assert.Equal(NodeErrorKind.Unavailable, failure.Kind);
        Assert.Contains("127.0.0.1:1", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silent_registry_is_given_up()
    {
        await BePatientForAsync(TimeSpan.FromMilliseconds(50));
        _registry.Script = async context =>
        {
            await StaySilentAsync(context);
            return true;
        };
        var failure = await RefusalAsync();
        Assert.Equal(NodeErrorKind.Unavailable, failure.Kind);
        Assert.Contains("nothing came for 0.05 s", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_download_goes_on_where_the_connection_was_lost()
    {
        var breaks = 0;
        _registry.Script = context => context.Request.Path.Value!.EndsWith(LayerDigest, StringComparison.Ordinal) && breaks++ < 3
            ? BreakOffAsync(context) : Task.FromResult(false);
        await _fixture.PullAsync(Name);
        var ranges = _registry.Requests.Where(request => request.Path.EndsWith(LayerDigest, StringComparison.Ordinal)).Select(request => request.Range);
        Assert.Equal(["", "bytes=100000-", "bytes=200000-", "bytes=300000-"], ranges);
    }

    [Fact]
    public async Task A_registry_without_ranges_begins_again()
    {
        var breaks = 0;
        _registry.Script = async context =>
        {
            context.Request.Headers.Remove("Range");
            return context.Request.Path.Value!.EndsWith(LayerDigest, StringComparison.Ordinal) && breaks++ < 2 && await BreakOffAsync(context);
        };
        await _fixture.PullAsync(Name);
    }

    [Fact]
    public async Task A_download_goes_on_after_the_registry_fell_silent()
    {
        await BePatientForAsync(TimeSpan.FromMilliseconds(500));
        var stalls = 0;
        _registry.Script = context => context.Request.Path.Value!.EndsWith(LayerDigest, StringComparison.Ordinal) && stalls++ < 2
            ? BreakOffAsync(context, inSilence: true) : Task.FromResult(false);
        await _fixture.PullAsync(Name);
        var ranges = _registry.Requests.Where(request => request.Path.EndsWith(LayerDigest, StringComparison.Ordinal)).Select(request => request.Range);
        Assert.Equal(["", "bytes=100000-", "bytes=200000-"], ranges);
    }

    [Fact]
    public async Task A_download_in_which_nothing_comes_any_more_is_given_up()
    {
        await BePatientForAsync(TimeSpan.FromMilliseconds(200));
        var image = await _fixture.ResolveAsync(Name);
        _registry.Script = async context =>
        {
            context.Response.ContentLength = Image.Blobs[LayerDigest].Length;
            await context.Response.Body.FlushAsync();
            await StaySilentAsync(context);
            return true;
        };
        var end = await _fixture.EnsureAsync(Name, image);
        Assert.Equal(RootStage.Failed, end.Stage);
        Assert.Contains("nothing came", end.Error, StringComparison.Ordinal);
    }

    private Task BePatientForAsync(TimeSpan time)
    {
        _fixture.Options.RegistryTimeout = time;
        return _fixture.RestartAsync();
    }

    private static Task StaySilentAsync(HttpContext context) =>
        new TaskCompletionSource().Task.WaitAsync(context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);

    /// <summary>Sends the next 100,000 bytes of the layer and closes the connection, or lets it hang.</summary>
    private static async Task<bool> BreakOffAsync(HttpContext context, bool inSilence = false)
    {
        const int part = 100_000;
        var layer = Image.Blobs[LayerDigest];
        var range = context.Request.Headers.Range.ToString();
        var from = range.Length == 0 ? 0 : int.Parse(range["bytes=".Length..^1], CultureInfo.InvariantCulture);
        context.Response.StatusCode = from == 0 ? 200 : 206;
        context.Response.ContentLength = layer.Length - from;
        if (from > 0)
            context.Response.Headers.ContentRange = $"bytes {from}-{layer.Length - 1}/{layer.Length}";
        await context.Response.Body.WriteAsync(layer.AsMemory(from, part));
        await context.Response.Body.FlushAsync();
        if (inSilence)
            await StaySilentAsync(context);
        return true; // Less than was promised, so the server closes behind it. An abort could take back what was sent.
    }

    [Fact]
    public async Task A_bearer_token_is_fetched_for_the_repository_and_kept()
    {
        _registry.Script = BearerScript(expectedLogin: "");
        await _fixture.PullAsync(Name);
        var token = _registry.Requests.Where(request => request.Path == "/token").ToList();
        Assert.Equal("?account=a&service=fake&scope=repository:app:pull", Uri.UnescapeDataString(token[0].Query));
        Assert.Equal(2, token.Count); // One for resolving, one for the pull.
    }

    [Fact]
    public async Task The_login_goes_to_the_token_server_and_not_to_the_registry()
    {
        var basic = "Basic " + Convert.ToBase64String("user:päss"u8);
        _registry.Script = BearerScript(basic);
        await _fixture.PullAsync(Name, new RegistryLogin("user", "päss", null));
        Assert.All(_registry.Requests, request => Assert.Equal(request.Path == "/token", request.Authorization == basic));
    }

    [Fact]
    public async Task A_login_that_the_token_server_refuses_is_unauthorized()
    {
        _registry.Script = BearerScript("Basic other");
        var failure = await RefusalAsync(new RegistryLogin("user", "wrong", null));
        Assert.Equal(NodeErrorKind.Unauthorized, failure.Kind);
        Assert.DoesNotContain("wrong", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ready_token_is_used_as_it_is()
    {
        _registry.Script = BearerScript("none");
        await _fixture.PullAsync(Name, new RegistryLogin(null, null, "the-token"));
        Assert.DoesNotContain(_registry.Requests, request => request.Path == "/token");
    }

    private Func<HttpContext, Task<bool>> BearerScript(string expectedLogin) => context =>
    {
        if (context.Request.Path == "/token")
            return context.Request.Headers.Authorization.ToString() == expectedLogin
                ? Answer(context, 200, """{"token":"the-token"}""")
                : Answer(context, 401, ErrorBody("UNAUTHORIZED"));
        if (context.Request.Headers.Authorization == "Bearer the-token")
            return Task.FromResult(false);
        context.Response.Headers.WWWAuthenticate =
            $"Bearer realm=\"http://{_registry.Host}/token?account=a\",service=\"fake\",scope=\"repository:app:pull\"";
        return Answer(context, 401, ErrorBody("UNAUTHORIZED"));
    };

    [Fact]
    public async Task A_redirect_to_another_host_gets_no_authorization()
    {
        await using var storage = (await FakeRegistry.StartAsync()).Add(Image, "app");
        _registry.Script = context =>
        {
            if (!context.Request.Path.Value!.Contains("/blobs/", StringComparison.Ordinal))
                return BearerScript("")(context);
            context.Response.Headers.Location = $"http://{storage.Host}{context.Request.Path}?signature=x";
            return Answer(context, 307);
        };
        await _fixture.PullAsync(Name);
        Assert.Equal(2, storage.Requests.Count);
        Assert.All(storage.Requests, request => Assert.Equal(("", "?signature=x"), (request.Authorization, request.Query)));
        Assert.Contains(_registry.Requests, request => request.Authorization == "Bearer the-token");
    }

    [Fact]
    public async Task Redirects_without_end_are_given_up()
    {
        _registry.Script = context =>
        {
            context.Response.Headers.Location = context.Request.Path.Value;
            return Answer(context, 302);
        };
        Assert.Equal(NodeErrorKind.Unavailable, (await RefusalAsync()).Kind);
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://127.0.0.1/")]
    public async Task A_redirect_to_something_else_than_http_is_refused(string location)
    {
        _registry.Script = context =>
        {
            context.Response.Headers.Location = location;
            return Answer(context, 302);
        };
        Assert.Equal(NodeErrorKind.Unavailable, (await RefusalAsync()).Kind);
    }

    [Fact]
    public async Task Another_manifest_than_was_asked_for_is_refused()
    {
        _registry.Script = context => context.Request.Path.Value!.Contains("/manifests/", StringComparison.Ordinal)
            ? Answer(context, 200, "{}") : Task.FromResult(false);
        var failure = await Assert.ThrowsAsync<NodeException>(() => _fixture.ResolveAsync($"{Name}@{Image.ManifestDigest}"));
        Assert.Equal(NodeErrorKind.Invalid, failure.Kind);
        Assert.Contains("another manifest", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_large_a_manifest_is_refused()
    {
        _registry.Script = async context =>
        {
            await context.Response.Body.WriteAsync(new byte[(4 << 20) + 1]);
            return true;
        };
        Assert.Contains("larger than", (await RefusalAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_manifest_of_schema_one_is_refused()
    {
        _registry.Script = context =>
        {
            context.Response.ContentType = "application/vnd.docker.distribution.manifest.v1+prettyjws";
            return Answer(context, 200, """{"schemaVersion":1,"name":"app","fsLayers":[]}""");
        };
        var failure = await RefusalAsync();
        Assert.Equal(NodeErrorKind.NotSupported, failure.Kind);
        Assert.Contains("schema 1", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(0)]
    public async Task A_blob_of_another_size_or_content_fails_the_pull_and_leaves_nothing(int longer)
    {
        var layer = Image.Blobs[LayerDigest];
        var lie = new byte[layer.Length + longer];
        layer.AsSpan(0, Math.Min(layer.Length, lie.Length)).CopyTo(lie);
        lie[^1] ^= 1;
        _registry.SetBlob(LayerDigest, lie);

        var image = await _fixture.ResolveAsync(Name);
        var end = await _fixture.EnsureAsync(Name, image);

        Assert.Equal(RootStage.Failed, end.Stage);
        Assert.NotNull(end.Error);
        Assert.Null(_fixture.Host.FindRoot(image.ManifestDigest));
        Assert.Null(_fixture.Host.Blobs.Find(Digest.Parse(LayerDigest)));
        Assert.Empty(ImageHostFixture.FilesOf(_fixture.Layout.Roots));
    }

    [Fact]
    public async Task A_config_is_read_as_text_and_never_as_something_else()
    {
        var image = new OciImageBuilder().File("a", "b").Build();
        var config = image.Blobs.Single(blob => Encoding.UTF8.GetString(blob.Value).Contains("diff_ids", StringComparison.Ordinal)
            && blob.Key != image.ManifestDigest);
        _registry.Add(image, "odd").SetBlob(config.Key, new byte[config.Value.Length]);
        var failure = await Assert.ThrowsAsync<NodeException>(() => _fixture.ResolveAsync($"{_registry.Host}/odd"));
        Assert.Equal(NodeErrorKind.Invalid, failure.Kind);
    }
}
