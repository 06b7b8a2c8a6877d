using System.Text;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images.Oci;
using Hypeman.NodeRuntime.Images.Registry;

namespace Hypeman.Tests.NodeRuntime.Images;

/// <summary>What is decided about registries and their documents without asking anyone.</summary>
public sealed class RegistryRulesTests
{
    private const string Hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    private const string Part = $$"""{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:{{Hex}}","size":2}""";

    [Theory]
    [InlineData("docker.io", "https://registry-1.docker.io/v2/")]
    [InlineData("ghcr.io", "https://ghcr.io/v2/")]
    [InlineData("registry.example:5000", "https://registry.example:5000/v2/")]
    [InlineData("localhost", "http://localhost/v2/")]
    [InlineData("localhost:5000", "http://localhost:5000/v2/")]
    [InlineData("127.0.0.1:5000", "http://127.0.0.1:5000/v2/")]
    [InlineData("[::1]:5000", "http://[::1]:5000/v2/")]
    [InlineData("10.0.0.1:5000", "https://10.0.0.1:5000/v2/")]
    [InlineData("127.0.0.1.example", "https://127.0.0.1.example/v2/")]
    [InlineData("plain.example:80", "http://plain.example/v2/")]
    [InlineData("any-port.example:81", "http://any-port.example:81/v2/")]
    public void Only_loopback_and_named_registries_are_spoken_to_in_the_clear(string registry, string uri) =>
        Assert.Equal(new Uri(uri), RegistryEndpoint.Of(registry, ["plain.example:80", "any-port.example"]));

    [Theory]
    [InlineData("realm=\"https://a.b/t\",service=\"s\",scope=\"c,d\"", "https://a.b/t|s|c,d")]
    [InlineData("realm=https://a.b/t , service=s", "https://a.b/t|s|")]
    [InlineData("REALM=\"x\\\"y\" service=\"z\"", "x\"y|z|")]
    [InlineData("realm=\"never ends", "never ends||")]
    [InlineData("nothing", "||")]
    [InlineData("", "||")]
    [InlineData(null, "||")]
    public void Challenges_are_read_however_they_are_written(string? parameters, string expected)
    {
        var found = AuthChallenge.Parse("Bearer", parameters).Parameters;
        Assert.Equal(expected, string.Join('|', found.GetValueOrDefault("realm"), found.GetValueOrDefault("service"), found.GetValueOrDefault("scope")));
    }

    [Theory]
    [InlineData("linux/amd64", "linux/amd64", true)]
    [InlineData("linux/amd64", "linux/amd64/v1", true)]
    [InlineData("linux/amd64", "linux/x86_64", true)]
    [InlineData("linux/amd64", "linux/arm64", false)]
    [InlineData("linux/amd64", "windows/amd64", false)]
    [InlineData("linux/arm64", "linux/arm64/v8", true)]
    [InlineData("linux/arm64/v8", "linux/arm64", true)]
    [InlineData("linux/arm/v7", "linux/arm/v6", false)]
    [InlineData("linux/arm", "linux/arm/v6", true)]
    [InlineData("linux/amd64", "unknown/unknown", false)]
    public void Platforms_have_several_names(string wanted, string built, bool runs) =>
        Assert.Equal(runs, Platform.Parse(wanted).Runs(Platform.Parse(built)));

    [Theory]
    [InlineData($$"""{"schemaVersion":2,"config":{{Part}},"layers":[{{Part}}]}""", typeof(ImageManifest))]
    [InlineData($$"""{"schemaVersion":2,"config":{{Part}},"layers":[]}""", typeof(ImageManifest))]
    [InlineData($$"""{"schemaVersion":2,"manifests":[{{Part}}]}""", typeof(ImageIndex))]
    public void A_document_is_a_manifest_or_an_index(string text, Type type) =>
        Assert.IsType(type, ManifestDocument.Parse(Encoding.UTF8.GetBytes(text), "text/plain"));

    [Theory]
    [InlineData("", "JSON")]
    [InlineData("null", "JSON")]
    [InlineData("[]", "JSON")]
    [InlineData("{}", "schemaVersion 0")]
    [InlineData($$"""{"schemaVersion":2,"config":{{Part}},"layers":[],"manifests":[]}""", "either")]
    [InlineData("""{"schemaVersion":2,"layers":[]}""", "either")]
    [InlineData($$"""{"schemaVersion":2,"config":{{Part}}}""", "either")]
    [InlineData($$"""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","config":{{Part}},"layers":[]}""", "media type")]
    [InlineData($$"""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]}""", "media type")]
    [InlineData("""{"schemaVersion":2,"config":{"digest":"md5:1","size":1},"layers":[]}""", "no sha256 digest")]
    [InlineData($$"""{"schemaVersion":2,"config":{"digest":"sha256:{{Hex}}","size":-1},"layers":[]}""", "negative size")]
    [InlineData($$"""{"schemaVersion":2,"config":{"digest":"sha256:{{Hex}}","size":9000000},"layers":[]}""", "9000000 bytes")]
    public void A_document_that_could_mean_anything_else_is_refused(string text, string reason)
    {
        var failure = Assert.Throws<NodeException>(() => ManifestDocument.Parse(Encoding.UTF8.GetBytes(text), null));
        Assert.Equal(NodeErrorKind.Invalid, failure.Kind);
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_config_says_how_the_program_runs()
    {
        var config = ConfigDocument.Parse("""
            {"os":"linux","architecture":"arm64","variant":"","config":{"Entrypoint":["a"],"Cmd":null,"User":"","WorkingDir":"/w",
            "Env":["A=1","B=x=y","A=2","=odd","odd"],"StopSignal":"9"},"rootfs":{"type":"layers","diff_ids":[]}}
            """u8);
        Assert.Equal("linux/arm64", config.Platform.ToString());
        Assert.Equal(["a"], config.Program.Entrypoint!);
        Assert.Equal((null, null, "/w", "9"), (config.Program.Cmd, config.Program.User, config.Program.WorkingDir, config.Program.StopSignal));
        Assert.Equal(new Dictionary<string, string> { ["A"] = "2", ["B"] = "x=y" }, config.Program.Env);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"rootfs":{"diff_ids":["md5:1"]}}""")]
    [InlineData("""{"config":{"Env":"A=1"}}""")]
    public void A_config_of_another_form_is_refused(string text) =>
        Assert.Equal(NodeErrorKind.Invalid, Assert.Throws<NodeException>(() => ConfigDocument.Parse(Encoding.UTF8.GetBytes(text))).Kind);
}
