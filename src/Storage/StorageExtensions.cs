using Hypeman.Contracts.Index;
using Hypeman.Storage.Databases;
using Hypeman.Storage.Index;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Providers;
using Orleans.Storage;

namespace Hypeman.Storage;

/// <summary>Puts an opened database to use.</summary>
public static class StorageExtensions
{
    /// <summary>Cluster membership, grain state, reminders and the resource index of a silo.</summary>
    public static ISiloBuilder AddHypemanStorage(this ISiloBuilder silo, Database database)
    {
        silo.UseAdoNetClustering(o => (o.Invariant, o.DataSource) = (database.Dialect.Invariant, database.Writes));
        silo.AddAdoNetGrainStorageAsDefault(o => (o.Invariant, o.DataSource) = (database.Dialect.Invariant, database.Writes));
        silo.Services.AddKeyedSingleton<IGrainStorage>(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, NewRecordStorage);
        // Plain JSON: records survive the renaming of classes, and are half the size of Orleans' default.
        silo.UseSystemTextJsonGrainStorageSerializer();
        silo.UseAdoNetReminderService(o => (o.Invariant, o.DataSource) = (database.Dialect.Invariant, database.Writes));
        silo.Services.AddHypemanStorage(database);
        return silo;
    }

    /// <summary>Where the silos are, and the resource index, for a process that is none.</summary>
    public static IClientBuilder AddHypemanStorage(this IClientBuilder client, Database database)
    {
        client.UseAdoNetClustering(o => (o.Invariant, o.DataSource) = (database.Dialect.Invariant, database.Writes));
        client.Services.AddHypemanStorage(database);
        return client;
    }

    /// <summary>The resource index alone. The caller keeps the database and disposes it.</summary>
    public static IServiceCollection AddHypemanStorage(this IServiceCollection services, Database database)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(database);
        services.AddSingleton<ChangeSignal>();
        services.AddSingleton(provider => IResourceWriter.Of(database, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IResourceIndex, ResourceIndex>();
        return services;
    }

    private static RecordStorage NewRecordStorage(IServiceProvider services, object? key)
    {
        var name = (string)key!;
        return new RecordStorage(
            AdoNetGrainStorageFactory.Create(services, name),
            services.GetRequiredService<IResourceWriter>(),
            services.GetRequiredService<ChangeSignal>(),
            services.GetRequiredService<IOptionsMonitor<AdoNetGrainStorageOptions>>().Get(name).GrainStorageSerializer,
            services.GetRequiredService<IOptions<ClusterOptions>>().Value.ServiceId);
    }
}
