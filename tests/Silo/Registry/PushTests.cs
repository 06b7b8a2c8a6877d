using System.Net;
using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Images;

namespace Hypeman.Tests.Silo.Registry;

/// <summary>skopeo pushes to us, and pulls back what it pushed.</summary>
public sealed class PushTests
{
    private static OciImage Small(string architecture = "amd64") =>
        new OciImageBuilder().Platform($"linux/{architecture}").File("a", architecture).NextLayer().File("b", "2").Build();

    [Fact]
    public async Task What_skopeo_pushes_is_imported_under_the_name_it_was_pushed_to()
    {
        await using var registry = await RegistryFixture.StartAsync();
        var image = Small();

        await registry.PushAsync(image, "team/app:v1");

        Assert.Equal(($"{registry.Host}/team/app:v1", image.ManifestDigest), Assert.Single(registry.Imports));
        Assert.All(image.Blobs.Keys, digest => Assert.NotNull(registry.Blobs.Find(Digest.Parse(digest))));
    }

    [Fact]
    public async Task Dockers_manifests_are_taken_too()
    {
        await using var registry = await RegistryFixture.StartAsync();
        await registry.PushAsync(Small(), "app:v1", options: "--format=v2s2");
        Assert.Equal($"{registry.Host}/app:v1", Assert.Single(registry.Imports).Name);
    }

    [Fact]
    public async Task Of_an_index_only_the_image_for_our_platform_is_imported()
    {
        await using var registry = await RegistryFixture.StartAsync();
        var (amd, arm) = (Small(), Small("arm64"));

        await registry.PushAsync(OciImage.Combine(arm, amd), "multi:1", options: "--all");

        Assert.All(registry.Imports, import => Assert.Equal(amd.ManifestDigest, import.Digest));
        Assert.Equal($"{registry.Host}/multi:1", registry.Imports.Last().Name);
    }

    [Fact]
    public async Task A_push_of_what_is_there_sends_no_layer_again()
    {
        await using var registry = await RegistryFixture.StartAsync();
        await registry.PushAsync(Small(), "one:1");
        await registry.PushAsync(Small(), "two:1");
        Assert.Equal(2, registry.Imports.Count);
    }

    [Fact]
    public async Task An_image_for_another_platform_is_refused()
    {
        await using var registry = await RegistryFixture.StartAsync();
        var failure = await Assert.ThrowsAsync<CommandException>(() => registry.PushAsync(Small("arm64"), "app:v1"));
        Assert.Contains("it holds no image for linux/amd64", failure.Message, StringComparison.Ordinal);
        Assert.Empty(registry.Imports);
    }

    [Fact]
    public async Task What_was_pushed_can_be_pulled()
    {
        await using var registry = await RegistryFixture.StartAsync();
        var image = Small();
        await registry.PushAsync(image, "app:v1");
        using var layout = new TemporaryFolder();

        await Command.RunAsync("skopeo",
            ["copy", "--insecure-policy", "--src-tls-verify=false", "--src-creds", $"{RegistryFixture.ReaderToken}:x",
                $"docker://{registry.Host}/app:v1", $"oci:{layout.Path}:latest"],
            TestContext.Current.CancellationToken);

        Assert.All(image.Blobs, blob => Assert.Equal(
            blob.Value, File.ReadAllBytes(layout.PathOf(Path.Combine("blobs", "sha256", blob.Key["sha256:".Length..])))));
    }

    [Theory]
    [InlineData(RegistryFixture.ReaderToken, "403 (Forbidden)")]
    [InlineData(RegistryFixture.BuilderToken, "403 (Forbidden)")]
    [InlineData("no-token", "unauthorized")]
    public async Task Without_the_right_nothing_is_taken(string token, string reason)
    {
        await using var registry = await RegistryFixture.StartAsync();
        var failure = await Assert.ThrowsAsync<CommandException>(() => registry.PushAsync(Small(), "app:v1", token));
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        Assert.Empty(registry.Imports);
    }

    [Fact]
    public async Task A_builder_pushes_to_its_own_repository()
    {
        await using var registry = await RegistryFixture.StartAsync();
        await registry.PushAsync(Small(), "builds/1:latest", RegistryFixture.BuilderToken);
        Assert.Equal($"{registry.Host}/builds/1:latest", Assert.Single(registry.Imports).Name);
    }

    [Fact]
    public async Task Who_does_not_log_in_is_told_how()
    {
        await using var registry = await RegistryFixture.StartAsync();
        using var stranger = new HttpClient { BaseAddress = registry.Client.BaseAddress };

        var answer = await stranger.GetAsync("/v2/", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal($"Bearer realm=\"http://{registry.Host}/v2/token\",service=\"hypeman\"", answer.Headers.WwwAuthenticate.Single().ToString());
        Assert.Equal("""{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}""",
            await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
