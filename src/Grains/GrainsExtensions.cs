using Hypeman.Grains.Certificates;
using Hypeman.Grains.Errors;
using Hypeman.Grains.Images;
using Hypeman.Grains.Ingresses;
using Hypeman.Grains.Instances;
using Hypeman.Grains.Instances.Health;
using Hypeman.Grains.Instances.Idle;
using Hypeman.Grains.Nodes;
using Hypeman.Grains.Nodes.Draining;
using Hypeman.Grains.Records;
using Hypeman.Grains.Snapshots;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Runtime.Hosting;

namespace Hypeman.Grains;

/// <summary>The grains of the fleet and what they need in a silo.</summary>
public static class GrainsExtensions
{
    /// <summary>
    /// Adds the grains. The silo brings an <c>IResourceIndex</c>, a default grain storage that keeps JSON, and, where it
    /// is to hold instances, an <c>INode</c> whose id is the silo's name.
    /// </summary>
    public static ISiloBuilder AddHypemanGrains(this ISiloBuilder silo)
    {
        silo.AddIncomingGrainCallFilter<ErrorFilter>();
        silo.Services.TryAddSingleton(new GrainClock(TimeProvider.System));
        silo.AddGrainDirectory(HomeDirectory.Name, (services, _) => ActivatorUtilities.CreateInstance<HomeDirectory>(services));
        AddNodes(silo.Services);
        AddInstances(silo.Services);
        AddDrains(silo.Services);
        // One that moves, and comes home at once, takes its callers along both ways.
        silo.Configure<SiloMessagingOptions>(options => options.MaxForwardCount = 6);
        silo.Services.TryAddSingleton(new CertificatePolicy());
        silo.Services.TryAddSingleton(new ReservedHostname());
        silo.Services.AddSingleton<RootUsers>();
        silo.Services.AddSingleton<RootFetches>();
        return silo;
    }

    private static void AddNodes(IServiceCollection services)
    {
        services.AddSingleton<LocalNodes>();
        services.AddSingleton<NodeSilos>();
        services.AddSingleton<GrainHomes>();
        services.AddSingleton<NodeDirectory>();
        services.AddSingleton<NodeHolders>();
        services.AddSingleton<NodeLoads>();
        services.AddSingleton<NodeBooks>();
        services.AddSingleton<NodeRecord>();
        services.AddSingleton<DisplacedActivations>();
        services.AddOptions<NodeReconcilerOptions>()
            .Validate(options => options.Period > TimeSpan.Zero, "The reconciler's period must be more than zero.")
            .ValidateOnStart();
        services.AddPlacementDirector<PinnedPlacement, PinnedPlacementDirector>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, NodeRegistration>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(silo => silo.GetRequiredService<NodeDirectory>());
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, HomewardLoop>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, VmPump>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, ReconcilerLoop>();
    }

    private static void AddDrains(IServiceCollection services)
    {
        services.AddSingleton<NodeContents>();
        services.AddSingleton<DrainMoves>();
        services.AddSingleton<DrainTargets>();
        services.AddSingleton<DrainPlanner>();
        services.AddSingleton<NodeDrainerFactory>();
        services.AddOptions<DrainOptions>()
            .Validate(options => options.Period > TimeSpan.Zero && options.AtOnce > 0, "The period of drains and what moves at once must be more than zero.")
            .ValidateOnStart();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, DrainLoop>();
    }

    private static void AddInstances(IServiceCollection services)
    {
        services.AddSingleton<ReadyImages>();
        services.AddSingleton<InstancePlacement>();
        services.AddSingleton<InstanceCopies>();
        services.AddSingleton<InstanceRelocation>();
        services.AddSingleton<SnapshotCopies>();
        services.AddSingleton<IdleMonitor>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(silo => silo.GetRequiredService<IdleMonitor>());
        services.AddOptions<IdleOptions>()
            .Validate(options => options.AtOnce > 0, "The most instances that are put to sleep at a time must be more than zero.");
        services.AddSingleton<HealthMonitor>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(silo => silo.GetRequiredService<HealthMonitor>());
        services.AddOptions<HealthOptions>()
            .Validate(options => options.AtOnce > 0, "The most health probes at a time must be more than zero.")
            .ValidateOnStart();
        services.AddOptions<SnapshotOptions>();
        services.AddOptions<InstanceLimits>()
            .Validate(limits => limits.IsValid(), "Instance limits must all be more than zero.")
            .ValidateOnStart();
    }
}
