using System.Net;
using Hypeman.Storage;
using Hypeman.Storage.Databases;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans;
using Orleans.Configuration;
using Orleans.Providers;
using Orleans.Runtime;
using Orleans.Storage;

namespace Hypeman.Tests.Storage.Clustering;

/// <summary>A host with a real silo on a database; its tables can be used without starting it.</summary>
internal static class OrleansTables
{
    public static IHost NewHost(Database database, int siloPort = 11111, int gatewayPort = 0)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = ("test", "test"));
            silo.ConfigureEndpoints(IPAddress.Loopback, siloPort, gatewayPort);
            silo.AddHypemanStorage(database);
        });
        return builder.Build();
    }

    /// <summary>A host with a client of the cluster, not started.</summary>
    public static IHost NewClient(Database database)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = ("test", "test"));
            client.AddHypemanStorage(database);
        });
        return builder.Build();
    }

    /// <summary>The table of grain state alone, without a silo around it.</summary>
    public static async Task<IGrainStorage> StartStorageAsync(IHost host, CancellationToken cancellationToken)
    {
        var storage = host.Services.GetRequiredKeyedService<IGrainStorage>(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME);
        var lifecycle = new SiloLifecycleSubject(NullLogger<SiloLifecycleSubject>.Instance);
        ((ILifecycleParticipant<ISiloLifecycle>)storage).Participate(lifecycle);
        await lifecycle.OnStart(cancellationToken);
        return storage;
    }
}
