using Hypeman.Tests.Testing.Images;

namespace Hypeman.Tests.EndToEnd;

/// <summary>An image that tests push: written once for all tests of this run.</summary>
/// <param name="repository">Its name and tag in the fleet's own registry.</param>
/// <param name="build">Called when it is first needed.</param>
internal sealed class TestImage(string repository, Func<OciImage> build)
{
    private readonly Lazy<string> _layout = new(() => Write(build()));

    /// <summary>A small image with a shell and a web server.</summary>
    public static TestImage Busybox { get; } = new("e2e/busybox:v1", () => OciImageBuilder.Busybox().Cmd("sleep", "1000000").Build());

    /// <summary>The OCI layout directory of the image.</summary>
    public string LayoutDir => _layout.Value;

    public string Name => $"{Fleet.RegistryHost}/{repository}";

    /// <summary>Pushes it with skopeo, as users do.</summary>
    public async Task PushAsync(Fleet fleet)
    {
        await fleet.RunAsync("skopeo",
        [
            "--insecure-policy", "copy", "--dest-tls-verify=false", "--dest-creds", $"{fleet.Token}:x",
            $"oci:{LayoutDir}", $"docker://{Name}",
        ]);
        await Testing.Until.True(
            async () => (await fleet.GetAsync($"/images/{Uri.EscapeDataString(Name)}")).GetProperty("status").GetString() == "ready",
            TimeSpan.FromSeconds(60), $"the image {repository} is ready");
    }

    private static string Write(OciImage image)
    {
        var directory = Directory.CreateTempSubdirectory("hypeman-e2e-image-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        image.WriteLayout(directory);
        return directory;
    }
}
