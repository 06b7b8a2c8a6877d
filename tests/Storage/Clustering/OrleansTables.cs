using System.Net;
using Hypeman.Storage;
using Hypeman.Storage.Databases;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

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
}
