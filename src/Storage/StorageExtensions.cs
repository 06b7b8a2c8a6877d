using Hypeman.Contracts.Index;
using Hypeman.Storage.Databases;
using Hypeman.Storage.Index;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Hosting;

namespace Hypeman.Storage;

/// <summary>Puts an opened database to use.</summary>
public static class StorageExtensions
{
    /// <summary>Cluster membership, grain state, reminders and the resource index of a silo.</summary>
    public static ISiloBuilder AddHypemanStorage(this ISiloBuilder silo, Database database)
    {
        silo.UseAdoNetClustering(o => (o.Invariant, o.DataSource) = (database.Dialect.Invariant, database.Writes));
        silo.AddAdoNetGrainStorageAsDefault(o => (o.Invariant, o.DataSource) = (database.Dialect.Invariant, database.Writes));
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
        services.AddSingleton<IResourceIndex, ResourceIndex>();
        return services;
    }
}
