using Hypeman.Tests.Testing.Images;

namespace Hypeman.Tests.EndToEnd;

/// <summary>A small image with a shell and a web server, made once for all tests of this run.</summary>
internal static class TestImage
{
    private const string Repository = "e2e/busybox:v1";
    private static readonly Lazy<string> Layout = new(Write);

    /// <summary>The OCI layout directory of the image.</summary>
    public static string LayoutDir => Layout.Value;

    public static string Name => $"{Fleet.RegistryHost}/{Repository}";

    /// <summary>Pushes it with skopeo, as users do.</summary>
    public static async Task PushAsync(Fleet fleet)
    {
        await fleet.RunAsync("skopeo",
        [
            "--insecure-policy", "copy", "--dest-tls-verify=false", "--dest-creds", $"{fleet.Token}:x",
            $"oci:{LayoutDir}", $"docker://{Name}",
        ]);
        await Testing.Until.True(
            async () => (await fleet.GetAsync($"/images/{Uri.EscapeDataString(Name)}")).GetProperty("status").GetString() == "ready",
            TimeSpan.FromSeconds(60), "the test image is ready");
    }

    private static string Write()
    {
        var directory = Directory.CreateTempSubdirectory("hypeman-e2e-image-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        OciImageBuilder.Busybox().Cmd("sleep", "1000000").Build().WriteLayout(directory);
        return directory;
    }
}
