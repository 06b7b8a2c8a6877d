using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Hypeman.Demo.Images;

/// <summary>
/// An image with a web server, written by hand as an OCI layout: one layer with busybox and a script, a config, a
/// manifest, an index. The same busybox gives the same digests.
/// </summary>
internal static class WebServerImage
{
    public const int Port = 80;

    /// <summary>The page names the machine it is served from, which is known only there.</summary>
    private const string StartScript = """
        #!/bin/sh
        mkdir -p /www
        echo "<h1>hello</h1><p>from the microVM $(hostname), kernel $(uname -r)</p>" > /www/index.html
        echo "serving on port 80"
        exec httpd -f -v -p 80 -h /www

        """;

    private static readonly string[] Applets =
        ["sh", "httpd", "mkdir", "echo", "hostname", "uname", "cat", "ls", "ps", "sleep", "ip", "wget", "id", "env", "mount", "df", "free"];

    private const UnixFileMode Executable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Writes the layout and returns the digest of its manifest and the bytes of its layer.</summary>
    public static async Task<(string Digest, long LayerBytes)> WriteAsync(string folder, string busybox, CancellationToken cancellationToken)
    {
        var blobs = Directory.CreateDirectory(Path.Combine(folder, "blobs", "sha256")).FullName;
        var tar = await LayerAsync(busybox, cancellationToken);
        var layer = Write(blobs, Gzip(tar));
        var config = Write(blobs, Utf8(new JsonObject
        {
            ["architecture"] = "amd64",
            ["os"] = "linux",
            ["config"] = new JsonObject
            {
                ["Env"] = new JsonArray("PATH=/bin"),
                ["Cmd"] = new JsonArray("/bin/start"),
                ["WorkingDir"] = "/",
            },
            ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray(DigestOf(tar)) },
        }));
        var manifest = Write(blobs, Utf8(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = "application/vnd.oci.image.manifest.v1+json",
            ["config"] = Descriptor("application/vnd.oci.image.config.v1+json", config),
            ["layers"] = new JsonArray(Descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer)),
        }));
        await File.WriteAllBytesAsync(Path.Combine(folder, "index.json"), Utf8(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["manifests"] = new JsonArray(Descriptor("application/vnd.oci.image.manifest.v1+json", manifest)),
        }), cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""", cancellationToken);
        return (manifest.Digest, layer.Size);
    }

    private static async Task<byte[]> LayerAsync(string busybox, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        await using (var tar = new TarWriter(bytes, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach (var folder in new[] { "bin/", "dev/", "etc/", "proc/", "root/", "sys/", "tmp/", "www/" })
                await tar.WriteEntryAsync(Entry(TarEntryType.Directory, folder), cancellationToken);
            await using var program = File.OpenRead(busybox);
            await tar.WriteEntryAsync(Entry(TarEntryType.RegularFile, "bin/busybox", program), cancellationToken);
            foreach (var applet in Applets)
            {
                var link = Entry(TarEntryType.SymbolicLink, $"bin/{applet}");
                link.LinkName = "busybox";
                await tar.WriteEntryAsync(link, cancellationToken);
            }
            using var script = new MemoryStream(Encoding.UTF8.GetBytes(StartScript));
            await tar.WriteEntryAsync(Entry(TarEntryType.RegularFile, "bin/start", script), cancellationToken);
        }
        return bytes.ToArray();
    }

    private static UstarTarEntry Entry(TarEntryType type, string name, Stream? content = null)
    {
        var entry = new UstarTarEntry(type, name) { Mode = Executable, ModificationTime = DateTimeOffset.UnixEpoch };
        if (content is not null)
            entry.DataStream = content;
        return entry;
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    private static (string Digest, long Size) Write(string blobs, byte[] bytes)
    {
        var digest = DigestOf(bytes);
        File.WriteAllBytes(Path.Combine(blobs, digest["sha256:".Length..]), bytes);
        return (digest, bytes.Length);
    }

    private static JsonObject Descriptor(string mediaType, (string Digest, long Size) blob) =>
        new() { ["mediaType"] = mediaType, ["digest"] = blob.Digest, ["size"] = blob.Size };

    private static string DigestOf(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static byte[] Utf8(JsonObject json) => Encoding.UTF8.GetBytes(json.ToJsonString());
}
