using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Reflection;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Index;
using Hypeman.Gateway.Auth;
using Hypeman.Gateway.Registry;
using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Silo.Registry;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Images;
using Hypeman.Tests.Testing.Index;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans;

namespace Hypeman.Tests.Silo.Registry;

/// <summary>The registry's endpoints on a port of their own, above real blobs; the catalog notes what is imported.</summary>
internal sealed class RegistryFixture : IAsyncDisposable
{
    /// <summary>That of the builder may push to <c>builds/1</c> and pull from <c>base/app</c>.</summary>
    public const string UserToken = "user-token", ReaderToken = "reader-token", BuilderToken = "builder-token";

    private readonly TemporaryFolder _folder = new();
    private readonly WebApplication _app;

    private RegistryFixture(TimeProvider clock)
    {
        Blobs = new BlobStore(new DataLayout(_folder.Path), clock);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddSingleton(clock);
        builder.Services.AddSingleton<ITokenValidator, Tokens>();
        builder.Services.AddSingleton<IResourceIndex>(Index);
        builder.Services.AddSingleton(CatalogFactory.Create(this));
        builder.Services.AddSingleton<IRegistryStore>(_ => new BlobRegistryStore(Blobs, "linux/amd64", clock));
        builder.Services.AddRegistry();
        _app = builder.Build();
        _app.MapRegistry();
    }

    public BlobStore Blobs { get; }
    public InMemoryResourceIndex Index { get; } = new();

    /// <summary>Names and digests in the order in which they came.</summary>
    public ConcurrentQueue<(string Name, string Digest)> Imports { get; } = [];

    public HttpClient Client { get; private set; } = null!;

    /// <summary><c>127.0.0.1:port</c>.</summary>
    public string Host => Client.BaseAddress!.Authority;

    public static async Task<RegistryFixture> StartAsync(TimeProvider? clock = null)
    {
        var fixture = new RegistryFixture(clock ?? TimeProvider.System);
        await fixture._app.StartAsync();
        var address = fixture._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        fixture.Client = new HttpClient { BaseAddress = new Uri(address) };
        fixture.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", UserToken);
        return fixture;
    }

    /// <summary>Pushes with skopeo, which logs in with the token as its user name.</summary>
    public async Task PushAsync(OciImage image, string repositoryAndTag, string token = UserToken, params string[] options)
    {
        using var layout = new TemporaryFolder();
        image.WriteLayout(layout.Path);
        await Command.RunAsync("skopeo",
            [
                "copy", "--insecure-policy", "--dest-tls-verify=false", "--dest-creds", $"{token}:any",
                .. options, $"oci:{layout.Path}:latest", $"docker://{Host}/{repositoryAndTag}",
            ],
            TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<ImageInfo> ImportAsync(string name, string digest)
    {
        Imports.Enqueue((name, digest));
        var row = new ResourceRow
        {
            Kind = ResourceKind.Image, Id = name, Name = name, Parent = digest, State = "pending", Summary = "{}", CreatedAt = default, Version = 1,
        };
        if (await Index.GetAsync(ResourceKind.Image, name) is null)
            await Index.InsertAsync(row, []);
        return new ImageInfo { Name = name, Digest = digest, Platform = "linux/amd64", Status = ImageStatus.Pending, CreatedAt = default };
    }

    private sealed class Tokens : ITokenValidator
    {
        public ValueTask<Caller?> ValidateAsync(string token) => ValueTask.FromResult(token switch
        {
            UserToken => new Caller("user", null),
            ReaderToken => new Caller("reader", new HashSet<string> { Scopes.ImageRead }),
            BuilderToken => new Caller("builder-1", null, new RepositoryGrants(("builds/1", true), ("base/app", false))),
            _ => null,
        });
    }

#pragma warning disable CA1852 // A proxy's base cannot be sealed.
    /// <summary>Stands in for the cluster: the only grain that the registry asks is the catalog.</summary>
    private class CatalogFactory : DispatchProxy
    {
        private RegistryFixture _fixture = null!;

        public static IGrainFactory Create(RegistryFixture fixture)
        {
            var factory = Create<IGrainFactory, CatalogFactory>();
            ((CatalogFactory)(object)factory)._fixture = fixture;
            return factory;
        }

        protected override object? Invoke(MethodInfo? method, object?[]? arguments) => CatalogGrain.Create(_fixture);
    }

    private class CatalogGrain : DispatchProxy
    {
        private RegistryFixture _fixture = null!;

        public static IImageCatalogGrain Create(RegistryFixture fixture)
        {
            var grain = Create<IImageCatalogGrain, CatalogGrain>();
            ((CatalogGrain)(object)grain)._fixture = fixture;
            return grain;
        }

        protected override object? Invoke(MethodInfo? method, object?[]? arguments) =>
            method?.Name == nameof(IImageCatalogGrain.ImportAsync)
                ? _fixture.ImportAsync((string)arguments![0]!, (string)arguments[1]!)
                : throw new NotSupportedException(method?.Name);
    }
}
