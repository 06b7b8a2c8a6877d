using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using Hypeman.Tests.Cli.Fakes;
using Microsoft.AspNetCore.Http;

namespace Hypeman.Tests.Cli.Images;

public sealed class ImagePushTests : IDisposable
{
    private readonly string _layout = Directory.CreateTempSubdirectory("hypeman-oci-").FullName;

    public void Dispose() => Directory.Delete(_layout, recursive: true);

    [Fact]
    public async Task Missing_blobs_are_sent_then_the_manifest_then_the_image_is_waited_for()
    {
        var (layer, config, manifest) = await WriteLayoutAsync();
        await using var server = await RegistryAsync(present: config);
        server.On($"GET /images/{server.Authority}%2Fmy%2Fapp:v1", (404, "{}"), (200, $$"""{"name":"{{server.Authority}}/my/app:v1","status":"ready"}"""));

        var run = await CliRun.Async(server, "image", "push", _layout, "my/app:v1");

        Assert.Equal((0, "", $"{server.Authority}/my/app:v1"), (run.ExitCode, run.Error, run.Out.Trim()));
        var put = Assert.Single(server.Requests, request => request.Path == "/upload/1");
        Assert.Equal(("PUT", $"?state=x&digest={Uri.EscapeDataString(layer)}", "layer"), (put.Method, put.Query, put.Body));
        var sent = Assert.Single(server.Requests, request => request.Path == "/v2/my/app/manifests/v1");
        Assert.Equal(manifest, "sha256:" + Hex(sent.Body));
        Assert.All(server.Requests, request => Assert.Equal("Bearer key", request.Authorization));
    }

    [Fact]
    public async Task An_archive_is_pushed_like_its_folder()
    {
        await WriteLayoutAsync();
        var archive = _layout + ".tar";
        await TarFile.CreateFromDirectoryAsync(_layout, archive, includeBaseDirectory: false);
        try
        {
            await using var server = await RegistryAsync(present: "");
            var run = await CliRun.Async(server, "image", "push", archive, "app", "--no-wait");

            Assert.Equal((0, "", $"{server.Authority}/app:latest"), (run.ExitCode, run.Error, run.Out.Trim()));
            Assert.Contains(server.Requests, request => request.Path == "/v2/app/manifests/latest");
        }
        finally
        {
            File.Delete(archive);
        }
    }

    [Fact]
    public async Task A_registrys_refusal_is_said_in_its_words()
    {
        await WriteLayoutAsync();
        await using var server = await ScriptedServer.StartAsync();
        server.On("HEAD /v2/app/blobs/none", (404, ""));
        server.On("POST /v2/app/blobs/uploads/", (403, """{"errors":[{"code":"DENIED","message":"the token may not push"}]}"""));

        var run = await CliRun.Async(server, "image", "push", _layout, "app");

        Assert.Equal(5, run.ExitCode);
        Assert.Contains("the token may not push", run.Error);
    }

    [Fact]
    public async Task An_upload_is_never_sent_to_another_host()
    {
        await WriteLayoutAsync();
        await using var server = await ScriptedServer.StartAsync();
        server.On("POST /v2/app/blobs/uploads/", (context, _) =>
        {
            context.Response.StatusCode = 202;
            context.Response.Headers.Location = "http://127.0.0.1:1/steal";
            return Task.CompletedTask;
        });

        Assert.Contains("another host", (await CliRun.Async(server, "image", "push", _layout, "app")).Error);
    }

    [Theory]
    [InlineData("index.json", "no OCI layout")]
    [InlineData("blobs", "lacks blob")]
    public async Task A_layout_with_something_missing_is_refused_before_anything_is_sent(string missing, string saying)
    {
        await WriteLayoutAsync();
        if (missing == "blobs")
            Directory.Delete(Path.Combine(_layout, missing), recursive: true);
        else
            File.Delete(Path.Combine(_layout, missing));
        await using var server = await ScriptedServer.StartAsync();

        var run = await CliRun.Async(server, "image", "push", _layout, "app");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(saying, run.Error);
        Assert.Empty(server.Requests);
    }

    private static async Task<ScriptedServer> RegistryAsync(string present)
    {
        var server = await ScriptedServer.StartAsync();
        foreach (var repository in new[] { "my/app", "app" })
        {
            server.On($"HEAD /v2/{repository}/blobs/{present}", (200, ""));
            server.On($"POST /v2/{repository}/blobs/uploads/", (context, _) =>
            {
                context.Response.StatusCode = 202;
                context.Response.Headers.Location = "/upload/1?state=x";
                return Task.CompletedTask;
            });
            server.On($"PUT /v2/{repository}/manifests/v1", (201, ""));
            server.On($"PUT /v2/{repository}/manifests/latest", (201, ""));
        }
        return server.On("PUT /upload/1", (201, ""));
    }

    private async Task<(string Layer, string Config, string Manifest)> WriteLayoutAsync()
    {
        var layer = await WriteBlobAsync("layer");
        var config = await WriteBlobAsync("{}");
        var manifest = await WriteBlobAsync($$"""
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
             "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{config}}","size":2},
             "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{{layer}}","size":5}]}
            """);
        await File.WriteAllTextAsync(Path.Combine(_layout, "index.json"), $$"""
            {"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{{manifest}}","size":1}]}
            """);
        return (layer, config, manifest);
    }

    private async Task<string> WriteBlobAsync(string text)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_layout, "blobs", "sha256")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, Hex(text)), text);
        return "sha256:" + Hex(text);
    }

    private static string Hex(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
