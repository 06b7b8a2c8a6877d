using System.Net;
using System.Net.Sockets;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Ingresses;
using Hypeman.Contracts.Instances;
using Hypeman.Ingress;
using Hypeman.Ingress.Certificates;
using Hypeman.Ingress.Forwarding;
using Hypeman.Ingress.Waking;
using Hypeman.Storage;
using Hypeman.Storage.Databases;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hypeman.Bench.Ingress;

/// <summary>
/// Our ingress as it is, fed by an index on SQLite. The way to its one instance is a socket of this machine and not one of a
/// node's namespace: behind the other proxies there is no VM either.
/// </summary>
internal static class IngressProcess
{
    public const string Ready = "ready";

    public static async Task ServeAsync(int port, int backend, IReadOnlyList<string> hosts, bool isTls, string data, CancellationToken cancellationToken)
    {
        await using var database = await Database.OpenAsync(new StorageOptions { DataDirectory = data }, cancellationToken);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging(logging => logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Warning));
        builder.Services.AddHypemanStorage(database);
        builder.Services.AddSingleton<IInstanceConnector>(new Loopback(backend));
        builder.Services.AddSingleton<IInstanceWaker, NoWaker>();
        builder.Services.AddSingleton<ICertificateRequester, NoCertificates>();
        builder.Services.AddSingleton(BenchCertificate.Sealer);
        builder.Services.AddIngress(options =>
            (options.ListenAddress, options.ListenPort, options.ListenTlsPort) = ("127.0.0.1", isTls ? 0 : port, isTls ? port : 0));
        using var host = builder.Build();
        await FillAsync(host.Services.GetRequiredService<IResourceIndex>(), hosts, isTls);
        await host.StartAsync(cancellationToken);
        Console.WriteLine(Ready);
        await host.WaitForShutdownAsync(cancellationToken);
    }

    private static async Task FillAsync(IResourceIndex index, IReadOnlyList<string> hosts, bool isTls)
    {
        var now = TimeProvider.System.GetUtcNow();
        var instance = new InstanceInfo
        {
            Id = "bench",
            Spec = new InstanceSpec { Name = "bench", Image = "bench", MemoryBytes = 1, OverlayBytes = 1, Vcpus = 1 },
            Image = "bench",
            Phase = InstancePhase.Running,
            Ip = "127.0.0.1",
            CreatedAt = now,
            StartedAt = now,
            Hypervisor = "qemu",
            Platform = "linux/amd64",
            Home = "bench",
            PhaseSince = now,
        };
        await index.InsertAsync(Row(ResourceKind.Instance, "bench", instance, now), ["bench"]);
        if (isTls)
            await index.InsertAsync(Row(ResourceKind.Certificate, hosts[0], await BenchCertificate.InfoAsync(hosts[0]), now), [hosts[0]]);
        var rulePort = isTls ? IngressRule.HttpsPort : IngressRule.HttpPort;
        await Parallel.ForEachAsync(hosts.Index(), async (numbered, _) =>
        {
            var (number, host) = numbered;
            var ingress = new IngressInfo
            {
                Id = $"g{number}",
                Name = $"g{number}",
                CreatedAt = now,
                Rules = [new IngressRule { Hostname = host, Port = rulePort, Tls = isTls, TargetInstance = "bench", TargetPort = 80 }],
            };
            await index.InsertAsync(Row(ResourceKind.Ingress, ingress.Id, ingress, now), [ingress.Id, $"{host}:{rulePort}"], CancellationToken.None);
        });
    }

    private static ResourceRow Row<T>(ResourceKind kind, string id, T info, DateTimeOffset now) => new()
    {
        Kind = kind,
        Id = id,
        Name = id,
        State = "",
        Summary = ResourceSummary.Write(info),
        Version = 1,
        CreatedAt = now,
    };

    private sealed class Loopback(int port) : IInstanceConnector
    {
        public async Task<Stream> ConnectAsync(string instanceId, string home, int instancePort, bool keepsAwake, CancellationToken cancellationToken)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
    }

    private sealed class NoWaker : IInstanceWaker
    {
        public Task WakeAsync(string instanceId, bool fromStopped, CancellationToken cancellationToken) =>
            throw new WakeFailedException("never", mayPass: false);
    }

    private sealed class NoCertificates : ICertificateRequester
    {
        public Task RequestAsync(string name, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
