using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hypeman.Contracts.Certificates;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Ingresses;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Nodes;
using Hypeman.Ingress;
using Hypeman.Ingress.Certificates;
using Hypeman.Ingress.Forwarding;
using Hypeman.Ingress.Listening;
using Hypeman.Ingress.Routing;
using Hypeman.Ingress.Waking;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Index;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Hypeman.Tests.Ingress.Fakes;

/// <summary>The whole data plane on a free port, with an index and a connector of the test's.</summary>
internal sealed class IngressHarness : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly IHost _host;

    private IngressHarness(IHost host, InMemoryResourceIndex index, FakeConnector connector, FakeWaker waker, FakeRequester requester)
    {
        _host = host;
        Index = index;
        Connector = connector;
        Waker = waker;
        Requester = requester;
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false });
    }

    public InMemoryResourceIndex Index { get; }
    public FakeConnector Connector { get; }
    public FakeWaker Waker { get; }
    public FakeRequester Requester { get; }
    public HttpClient Client { get; }
    public int Port => _host.Services.GetRequiredService<IngressServer>().Port;
    public int TlsPort => _host.Services.GetRequiredService<IngressServer>().TlsPort;
    public CertificateTable Table => _host.Services.GetRequiredService<CertificateTable>();
    public IMeterFactory Meters => _host.Services.GetRequiredService<IMeterFactory>();
    public IngressHealth Health => _host.Services.GetRequiredService<IIngressProbe>().Look();
    public RouteTable Routes => _host.Services.GetRequiredService<RouteTable>();
    public WakeRoom WakeRoom => _host.Services.GetRequiredService<WakeRoom>();
    public InstanceTable Instances => _host.Services.GetRequiredService<InstanceTable>();

    public static async Task<IngressHarness> StartAsync(Action<IngressOptions>? configure = null, InMemoryResourceIndex? index = null)
    {
        index ??= new InMemoryResourceIndex();
        var (connector, waker, requester) = (new FakeConnector(), new FakeWaker(), new FakeRequester());
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging();
        builder.Services.AddSingleton<IResourceIndex>(index);
        builder.Services.AddSingleton<IInstanceConnector>(connector);
        builder.Services.AddSingleton<IInstanceWaker>(waker);
        builder.Services.AddSingleton(Certificates.Sealer);
        builder.Services.AddSingleton<ICertificateRequester>(requester);
        builder.Services.AddIngress(options =>
        {
            options.ListenAddress = "127.0.0.1";
            options.ListenPort = 0;
            options.ListenTlsPort = 0;
            options.DrainTimeout = TimeSpan.FromMilliseconds(100);
            configure?.Invoke(options);
        });
        var host = builder.Build();
        await host.StartAsync();
        var feed = host.Services.GetRequiredService<RouteFeed>();
        await Until.True(() => feed.IsSynced, Patience, "the routes are in the tables");
        return new IngressHarness(host, index, connector, waker, requester);
    }

    /// <summary>An instance whose port 8080 is the backend, published as the host; both known when this returns.</summary>
    public Task PublishAsync(
        string host, Backend backend, string name = "web", InstancePhase phase = InstancePhase.Running, Func<IngressRule, IngressRule>? change = null,
        string? found = null) => PublishAsync(host, backend.Port, name, phase, change, found);

    /// <summary>As above, for anything that listens on a port of this machine.</summary>
    /// <param name="host">Of the one rule.</param>
    /// <param name="localPort">Where the instance's port 8080 leads.</param>
    /// <param name="name">Of the instance.</param>
    /// <param name="phase">Of the instance.</param>
    /// <param name="change">What is special about the rule.</param>
    /// <param name="found">A hostname that it is for, when it is a pattern.</param>
    public async Task PublishAsync(
        string host, int localPort, string name = "web", InstancePhase phase = InstancePhase.Running, Func<IngressRule, IngressRule>? change = null,
        string? found = null)
    {
        Connector.Lead(name + "-id", 8080, localPort);
        await PutAsync(Rows.Instance(name + "-id", name, phase));
        var ingress = Rows.Ingress(name + "-ingress", host, name);
        var rule = change is null ? ingress.Rules[0] : change(ingress.Rules[0]);
        await Index.PutAsync(ingress with { Rules = [rule] });
        await Until.True(() => Routes.Find(found ?? host, rule.Port) is not null, Patience, $"{host} has a route");
    }

    /// <summary>Writes an instance to the index and returns once the proxy has read it.</summary>
    public async Task PutAsync(InstanceInfo info)
    {
        await Index.PutAsync(info);
        await Until.True(
            () => Instances.FindById(info.Id) is { } seen && seen.Phase == info.Phase && seen.StartedAt == info.StartedAt,
            Patience, $"the proxy knows {info.Id}");
    }

    /// <summary>Writes a certificate to the index and returns once the ingress serves it.</summary>
    public async Task<CertificateInfo> CertifyAsync(string name)
    {
        var info = await Certificates.IssueAsync(name);
        await Index.PutAsync(info);
        await Until.True(() => Table.Find(name)?.Serial == info.Material!.Serial, Patience, $"{name} has its certificate");
        return info;
    }

    public Task<HttpResponseMessage> GetAsync(string host, string path = "/", int? port = null) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, Url(path, port)), host);

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, string host)
    {
        request.Headers.Host = host;
        return Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Sends bytes as they are; all that comes back until the ingress closes the connection.</summary>
    public async Task<string> RawAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request));
        return await new StreamReader(stream).ReadToEndAsync().WaitAsync(Patience);
    }

    public Uri Url(string path = "/", int? port = null) =>
        new($"http://127.0.0.1:{port ?? Port}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
