using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Tests.NodeRuntime.Networks;
using Hypeman.Tests.NodeRuntime.Vms;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Guest;
using Hypeman.Tests.Testing.Images;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hypeman.Tests.NodeRuntime.Nodes;

/// <summary>A real node, put together as the silo does it, on a host of its own.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestHost _outside;
    private readonly Action<NodeRuntimeOptions> _configure;
    private readonly Action<IServiceCollection> _configureParts;
    private ServiceProvider _services = null!;

    private TestNode(TestHost outside, Action<NodeRuntimeOptions>? configure, Action<IServiceCollection>? configureParts)
    {
        _outside = outside;
        _configure = configure ?? (_ => { });
        _configureParts = configureParts ?? (_ => { });
    }

    internal Node Node { get; private set; } = null!;
    internal INode Port => Node;
    internal string DataDirectory => _folder.PathOf("data");

    internal TestHost Outside => _outside;

    internal static async Task<TestNode> StartAsync(
        Action<NodeRuntimeOptions>? configure = null, Action<IServiceCollection>? configureParts = null)
    {
        var made = new TestNode(await TestHost.CreateAsync(), configure, configureParts);
        try
        {
            await made.OpenAsync();
            return made;
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    /// <summary>A process that takes this node's data directory, not started.</summary>
    internal ServiceProvider NewProcess()
    {
        var parts = new ServiceCollection();
        AddTo(parts);
        _configureParts(parts);
        return parts.BuildServiceProvider();
    }

    private void AddTo(IServiceCollection parts) => parts
        .AddLogging(logging => logging.AddProvider(new TestOutputLogger()))
        .Configure<ImageOptions>(options => (options.MinFreeBytes, options.DockerConfigFile) = (0, _folder.PathOf("docker.json")))
        .AddNodeRuntime(options =>
        {
            options.DataDirectory = DataDirectory;
            options.KernelDirectory = GuestAssets.KernelDirectory;
            options.GuestBinary = GuestAssets.GuestBinary;
            options.HostNamespace = _outside.Namespace.Path;
            options.Accelerator = "tcg";
            _configure(options);
        });

    internal async Task OpenAsync()
    {
        _services = NewProcess();
        Node = _services.GetRequiredService<Node>();
        await Node.StartAsync(CancellationToken.None);
    }

    /// <summary>The process ends, the host stays.</summary>
    internal ValueTask CloseAsync() => _services.DisposeAsync();

    /// <summary>Pulls a busybox image; the digest of its manifest.</summary>
    internal async Task<string> PullAsync()
    {
        var image = OciImageBuilder.Busybox().Build();
        await using var registry = await FakeRegistry.StartAsync();
        registry.Add(image, "busybox");
        var reference = ImageReference.TryParse($"{registry.Host}/busybox", out _)!;
        var resolved = await Node.Images.ResolveAsync(reference, "linux/amd64", login: null, CancellationToken.None);
        var end = await Node.Images.EnsureRootAsync(reference, resolved, login: null, CancellationToken.None).LastAsync();
        Assert.Equal((RootStage.Ready, null), (end.Stage, end.Error));
        return resolved.ManifestDigest;
    }

    public async ValueTask DisposeAsync()
    {
        if (_services is not null)
            await _services.DisposeAsync();
        await using (var last = NewProcess())
            await last.GetRequiredService<Node>().RemoveAllAsync(TimeSpan.Zero, CancellationToken.None);
        await _outside.DisposeAsync();
        _folder.Dispose();
    }
}
