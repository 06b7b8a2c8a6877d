using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images;
using Hypeman.Tests.Testing.Images;

namespace Hypeman.Tests.NodeRuntime.Images;

/// <summary>Pulls from the registry that Debian ships, pushed to by skopeo.</summary>
public sealed class PullTests
{
    [Fact]
    public async Task An_image_is_pulled_and_converted()
    {
        await using var registry = await DebianRegistry.StartAsync();
        await registry.PushAsync(OciImageBuilder.Busybox()
            .Entrypoint("/bin/app").Cmd("serve").Env("A", "b=c").User("app").WorkingDir("/srv").StopSignal("SIGINT")
            .NextLayer().File("bin/app", "program", mode: 0b111_101_101).Whiteout("etc/group")
            .Build(), "team/app:v1");
        await using var fixture = new ImageHostFixture();

        var image = await fixture.ResolveAsync($"{registry.Host}/team/app:v1");
        var root = await fixture.PullAsync($"{registry.Host}/team/app:v1");

        Assert.Equal(["/bin/app"], image.Config.Entrypoint!);
        Assert.Equal(["serve"], image.Config.Cmd!);
        Assert.Equal("b=c", image.Config.Env["A"]);
        Assert.Equal(("app", "/srv", "SIGINT"), (image.Config.User, image.Config.WorkingDir, image.Config.StopSignal));
        Assert.Equal("program", root["bin/app"].Text);
        Assert.Equal("busybox", root["bin/sh"].Text);
        Assert.DoesNotContain("etc/group", root.Keys);
    }

    [Fact]
    public async Task Of_an_index_the_manifest_of_the_platform_counts()
    {
        await using var registry = await DebianRegistry.StartAsync();
        var (amd, arm) = (Small("amd64"), Small("arm64"));
        await registry.PushAsync(OciImage.Combine(arm, amd), "multi:1", options: "--all");
        await using var fixture = new ImageHostFixture();

        var image = await fixture.ResolveAsync($"{registry.Host}/multi:1");
        var root = await fixture.PullAsync($"{registry.Host}/multi@{image.ManifestDigest}");

        Assert.Equal(amd.ManifestDigest, image.ManifestDigest);
        Assert.Equal("amd64", root["arch"].Text);
        var failure = await Assert.ThrowsAsync<NodeException>(() => fixture.Host.ResolveAsync(
            ImageHostFixture.Reference($"{registry.Host}/multi:1"), "linux/s390x", null, ImageHostFixture.Stop));
        Assert.Equal(NodeErrorKind.NotFound, failure.Kind);
        Assert.Contains("linux/arm64, linux/amd64", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(LayerCompression.Gzip)]
    [InlineData(LayerCompression.Zstd)]
    [InlineData(LayerCompression.None)]
    public async Task Layers_may_be_packed_in_three_ways(LayerCompression compression)
    {
        await using var registry = await FakeRegistry.StartAsync();
        registry.Add(new OciImageBuilder().File("a", "content").Compress(compression).Build(), "a");
        await using var fixture = new ImageHostFixture();
        Assert.Equal("content", (await fixture.PullAsync($"{registry.Host}/a"))["a"].Text);
    }

    [Fact]
    public async Task Dockers_own_media_types_are_understood()
    {
        await using var registry = await DebianRegistry.StartAsync();
        await registry.PushAsync(Small("amd64"), "docker:1", options: "--format=v2s2");
        await using var fixture = new ImageHostFixture();
        Assert.Equal("amd64", (await fixture.PullAsync($"{registry.Host}/docker:1"))["arch"].Text);
    }

    [Fact]
    public async Task A_login_opens_a_private_registry()
    {
        await using var registry = await DebianRegistry.StartAsync(needsLogin: true);
        await registry.PushAsync(Small("amd64"), "private:1", withLogin: true);
        await using var fixture = new ImageHostFixture();
        var name = $"{registry.Host}/private:1";

        await fixture.PullAsync(name, new RegistryLogin(DebianRegistry.Username, DebianRegistry.Password, null));
        var without = await Assert.ThrowsAsync<NodeException>(() => fixture.ResolveAsync(name));
        var wrong = await Assert.ThrowsAsync<NodeException>(
            () => fixture.ResolveAsync(name, new RegistryLogin(DebianRegistry.Username, "wrong", null)));

        Assert.Equal((NodeErrorKind.Unauthorized, NodeErrorKind.Unauthorized), (without.Kind, wrong.Kind));
        Assert.Contains("needs a login", without.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Docker_logins_of_this_host_are_used_when_a_request_brings_none()
    {
        await using var registry = await DebianRegistry.StartAsync(needsLogin: true);
        await registry.PushAsync(Small("amd64"), "private:1", withLogin: true);
        await using var fixture = new ImageHostFixture();
        var login = Convert.ToBase64String("someone:correct horse"u8);
        await File.WriteAllTextAsync(fixture.Options.DockerConfigFile,
            $$"""{ "auths": { "https://{{registry.Host}}/v1/": { "auth": "{{login}}" } }, "credHelpers": { "x": "y" } }""", ImageHostFixture.Stop);
        await fixture.PullAsync($"{registry.Host}/private:1");
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        await using var registry = await DebianRegistry.StartAsync();
        await using var fixture = new ImageHostFixture();
        var failure = await Assert.ThrowsAsync<NodeException>(() => fixture.ResolveAsync($"{registry.Host}/nothing:here"));
        Assert.Equal(NodeErrorKind.NotFound, failure.Kind);
        Assert.Contains("nothing:here", failure.Message, StringComparison.Ordinal);
    }

    private static OciImage Small(string architecture) =>
        new OciImageBuilder().Platform($"linux/{architecture}").File("arch", architecture).Build();
}
