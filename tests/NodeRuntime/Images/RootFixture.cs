using System.IO.Compression;
using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Images.Roots;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Images;

namespace Hypeman.Tests.NodeRuntime.Images;

/// <summary>Makes roots from layers in a folder of its own.</summary>
internal sealed class RootFixture : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private int _files;

    public string Folder => _folder.Path;
    public ImageOptions Options { get; } = new();

    public IReadOnlyDictionary<string, ErofsFile> Read(params TarBuilder[] layers) => ErofsReader.ReadAll(Build(layers));

    /// <summary>The path of the image; the lowest layer comes first.</summary>
    public string Build(params TarBuilder[] layers) => Build([.. layers.Select(layer => layer.Build())]);

    public string Build(params byte[][] tars) => BuildFrom([.. tars.Select(tar => NewLayer(tar, Gzip(tar)))]);

    public string BuildFrom(params RootLayer[] layers)
    {
        var path = Path.Combine(Folder, $"{_files++}.erofs");
        new RootBuilder(Options, _ => { }, TestContext.Current.CancellationToken).Build(layers, path, Digest.Of([]));
        return path;
    }

    public RootLayer NewLayer(byte[] tar, byte[] blob)
    {
        var path = Path.Combine(Folder, $"{_files++}.layer");
        File.WriteAllBytes(path, blob);
        return new RootLayer(path, Digest.Of(blob), Digest.Of(tar));
    }

    public static byte[] Gzip(byte[] content)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(content);
        return compressed.ToArray();
    }

    public void Dispose() => _folder.Dispose();
}
