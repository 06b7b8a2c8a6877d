using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using ZstdSharp;

namespace Hypeman.Tests.Testing.Images;

public enum LayerCompression
{
    Gzip,
    Zstd,
    None,
}

/// <summary>Makes small images in code. What is added goes into the top layer until <see cref="NextLayer()"/>.</summary>
public sealed class OciImageBuilder
{
    private const string BusyboxPath = "/bin/busybox";

    private static readonly string[] Applets =
    [
        "ash", "awk", "base64", "basename", "cat", "chmod", "chown", "clear", "cp", "cut", "date", "dd", "df", "dirname", "dmesg",
        "du", "echo", "env", "expr", "false", "find", "free", "grep", "head", "hostname", "httpd", "id", "ifconfig", "ip", "kill",
        "ln", "ls", "md5sum", "mkdir", "mknod", "mktemp", "mount", "mv", "nc", "nslookup", "od", "ping", "printf", "ps", "pwd",
        "readlink", "reset", "rm", "rmdir", "route", "sed", "seq", "sh", "sha256sum", "sleep", "sort", "stat", "stty", "sync",
        "tail", "tar", "tee", "test", "time", "timeout", "top", "touch", "tr", "true", "tty", "umount", "uname", "uniq", "vi",
        "wc", "wget", "which", "whoami", "xargs", "yes",
    ];

    private readonly List<(TarBuilder Tar, LayerCompression Compression)> _layers = [(new TarBuilder(), LayerCompression.Gzip)];
    private readonly JsonObject _program = [];
    private readonly JsonArray _environment = [];
    private string _platform = "linux/amd64";
    private bool _isDocker;

    private TarBuilder Top => _layers[^1].Tar;

    /// <summary>A shell and the usual tools, users root and app (1000), from Debian's package busybox-static.</summary>
    /// <exception cref="FileNotFoundException">The package is not installed.</exception>
    public static OciImageBuilder Busybox()
    {
        if (!System.IO.File.Exists(BusyboxPath))
            throw new FileNotFoundException($"{BusyboxPath} is missing: apt-get install busybox-static", BusyboxPath);
        var image = new OciImageBuilder()
            .Directory("bin").Directory("etc").Directory("dev").Directory("proc").Directory("sys").Directory("run")
            .Directory("var").Directory("root", mode: 0b111_000_000).Directory("home")
            .Directory("tmp", mode: 0b001_111_111_111)
            .Directory("home/app", uid: 1000, gid: 1000)
            .File("bin/busybox", System.IO.File.ReadAllBytes(BusyboxPath), mode: 0b111_101_101)
            .File("etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n")
            .File("etc/group", "root:x:0:\napp:x:1000:\n");
        foreach (var applet in Applets)
            image.Symlink($"bin/{applet}", "busybox");
        return image.Env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin").Cmd("sh");
    }

    public OciImageBuilder File(string path, byte[] content, int mode = 0b110_100_100, int uid = 0, int gid = 0) =>
        With(() => Top.File(path, content, new TarAttributes { Mode = mode, Uid = uid, Gid = gid }));

    public OciImageBuilder File(string path, string content, int mode = 0b110_100_100, int uid = 0, int gid = 0) =>
        File(path, Encoding.UTF8.GetBytes(content), mode, uid, gid);

    public OciImageBuilder Directory(string path, int mode = 0b111_101_101, int uid = 0, int gid = 0) =>
        With(() => Top.Directory(path, new TarAttributes { Mode = mode, Uid = uid, Gid = gid }));

    public OciImageBuilder Symlink(string path, string target) => With(() => Top.Symlink(path, target));
    public OciImageBuilder Whiteout(string path) => With(() => Top.Whiteout(path));

    /// <summary>Ends the top layer and begins one above it.</summary>
    public OciImageBuilder NextLayer() => With(() => _layers.Add((new TarBuilder(), LayerCompression.Gzip)));

    /// <summary>Takes a tar archive for the top layer and begins one above it.</summary>
    public OciImageBuilder Layer(byte[] tar) => With(() => Top.Raw(tar)).NextLayer();

    /// <summary>How the top layer is packed.</summary>
    public OciImageBuilder Compress(LayerCompression compression) => With(() => _layers[^1] = (Top, compression));

    public OciImageBuilder Entrypoint(params string[] words) => With(() => _program["Entrypoint"] = ArrayOf(words));
    public OciImageBuilder Cmd(params string[] words) => With(() => _program["Cmd"] = ArrayOf(words));
    public OciImageBuilder Env(string name, string value) => With(() => _environment.Add($"{name}={value}"));
    public OciImageBuilder User(string user) => With(() => _program["User"] = user);
    public OciImageBuilder WorkingDir(string directory) => With(() => _program["WorkingDir"] = directory);
    public OciImageBuilder StopSignal(string signal) => With(() => _program["StopSignal"] = signal);

    /// <summary>For example <c>linux/arm64</c>; <c>linux/amd64</c> when not said.</summary>
    public OciImageBuilder Platform(string platform) => With(() => _platform = platform);

    /// <summary>Docker's media types in place of the OCI's.</summary>
    public OciImageBuilder Docker() => With(() => _isDocker = true);

    public OciImage Build()
    {
        var blobs = new Dictionary<string, byte[]>();
        var (layers, diffIds) = (new JsonArray(), new JsonArray());
        foreach (var (tarBuilder, compression) in _layers)
        {
            var tar = tarBuilder.Build();
            diffIds.Add(OciImage.DigestOf(tar));
            layers.Add(Add(Pack(tar, compression), LayerType(compression)));
        }
        var config = Add(ConfigBytes(diffIds), _isDocker
            ? "application/vnd.docker.container.image.v1+json" : "application/vnd.oci.image.config.v1+json");
        var mediaType = _isDocker
            ? "application/vnd.docker.distribution.manifest.v2+json" : "application/vnd.oci.image.manifest.v1+json";
        var manifest = Encoding.UTF8.GetBytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = mediaType,
            ["config"] = config,
            ["layers"] = layers,
        }.ToJsonString());
        Add(manifest, mediaType);
        return new OciImage(OciImage.DigestOf(manifest), mediaType, _platform, blobs);

        JsonNode Add(byte[] content, string type)
        {
            blobs[OciImage.DigestOf(content)] = content;
            return new JsonObject { ["mediaType"] = type, ["digest"] = OciImage.DigestOf(content), ["size"] = content.Length };
        }
    }

    private OciImageBuilder With(Action change)
    {
        change();
        return this;
    }

    private byte[] ConfigBytes(JsonArray diffIds)
    {
        var platform = _platform.Split('/');
        var program = (JsonObject)_program.DeepClone();
        if (_environment.Count > 0)
            program["Env"] = _environment.DeepClone();
        return Encoding.UTF8.GetBytes(new JsonObject
        {
            ["os"] = platform[0],
            ["architecture"] = platform[1],
            ["config"] = program,
            ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = diffIds },
        }.ToJsonString());
    }

    private string LayerType(LayerCompression compression)
    {
        var plain = _isDocker ? "application/vnd.docker.image.rootfs.diff.tar" : "application/vnd.oci.image.layer.v1.tar";
        return (compression, _isDocker) switch
        {
            (LayerCompression.None, _) => plain,
            (LayerCompression.Gzip, true) => $"{plain}.gzip",
            (LayerCompression.Zstd, true) => $"{plain}.zstd",
            (LayerCompression.Gzip, false) => $"{plain}+gzip",
            (LayerCompression.Zstd, false) => $"{plain}+zstd",
        };
    }

    private static byte[] Pack(byte[] tar, LayerCompression compression)
    {
        if (compression == LayerCompression.None)
            return tar;
        using var packed = new MemoryStream();
        using (Stream packer = compression == LayerCompression.Gzip
            ? new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)
            : new CompressionStream(packed, leaveOpen: true))
            packer.Write(tar);
        return packed.ToArray();
    }

    private static JsonArray ArrayOf(string[] words) => [.. words.Select(word => JsonValue.Create(word))];
}
