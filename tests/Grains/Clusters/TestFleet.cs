using System.Collections.Concurrent;
using Hypeman.Contracts;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Grains;
using Hypeman.Grains.Certificates;
using Hypeman.Grains.Nodes;
using Hypeman.Grains.Nodes.Draining;
using Hypeman.Grains.Records;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Snapshots;
using Hypeman.NodeRuntime.Vms.Transfer;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Index;
using Hypeman.Tests.Testing.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Storage;
using Orleans.TestingHost;

namespace Hypeman.Tests.Grains.Clusters;

/// <summary>
/// A fleet in this process: real silos, and below them simulated nodes that outlive them. Storage and index outlive them
/// too. Silo 0 has no node, so that there is always one left to ask.
/// </summary>
public sealed class TestFleet : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, InProcessSiloHandle> _silos = new();
    private readonly List<SimulatedNode> _nodes = [];
    private InProcessTestCluster _cluster = null!;
    private readonly Dictionary<string, SiloLife> _lives = [];
    private SimulatedNode? _starting;
    private TimeProvider _time = TimeProvider.System;
    private bool _hasPeers = true;
    private CertificatePolicy _certificates = new();

    public InMemoryResourceIndex Index { get; } = new();

    public TestStorage Storage { get; }

    private TestFleet() => Storage = new TestStorage(Index);

    public IClusterClient Grains => _cluster.Client;

    /// <summary>The first node.</summary>
    public SimulatedNode Node => _nodes[0];

    public IReadOnlyList<SimulatedNode> Nodes => _nodes;

    /// <summary>Nodes that others cannot reach, though their silos are members.</summary>
    public ConcurrentDictionary<string, bool> CutOff { get; } = new();

    public static async Task<TestFleet> StartAsync(
        int nodes = 1, Action<SimulatedNode>? prepare = null, TimeProvider? time = null, bool hasPeers = true, CertificatePolicy? certificates = null)
    {
        var fleet = new TestFleet { _time = time ?? TimeProvider.System, _hasPeers = hasPeers, _certificates = certificates ?? new CertificatePolicy() };
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) => fleet.Configure(silo));
        fleet._cluster = builder.Build();
        await fleet._cluster.DeployAsync();
        for (var at = 0; at < nodes; at++)
        {
            var node = new SimulatedNode($"node-{at}");
            node.Images.Publish(Some.ImageName);
            node.Images.Plant(Some.Digest);
            prepare?.Invoke(node);
            fleet._nodes.Add(node);
            await fleet.StartSiloAsync(node);
        }
        return fleet;
    }

    /// <summary>Our process on this node ends at once, as kill -9 ends it.</summary>
    public Task KillSiloAsync(SimulatedNode node)
    {
        _silos.TryRemove(node.Facts.NodeId, out var silo);
        _lives[node.Facts.NodeId].End();
        return _cluster.KillSiloAsync(silo!);
    }

    public async Task StartSiloAsync(SimulatedNode node)
    {
        _starting = node;
        _silos[node.Facts.NodeId] = await _cluster.StartAdditionalSiloAsync();
        _starting = null;
        await _cluster.WaitForClusterManifestToStabilizeAsync(didKill: false);
    }

    public async Task RestartSiloAsync(SimulatedNode node)
    {
        await KillSiloAsync(node);
        await StartSiloAsync(node);
    }

    /// <summary>The grains as the silo of a node calls them.</summary>
    public IGrainFactory GrainsOf(SimulatedNode node) =>
        _cluster.GetSiloServiceProvider(_silos[node.Facts.NodeId].SiloAddress).GetRequiredService<IGrainFactory>();

    /// <summary>Makes an instance on the first node and begins to boot it.</summary>
    public async Task<IInstanceGrain> CreateAsync(InstanceSpec? spec = null)
    {
        var info = await Grains.InstanceFactory().CreateAsync(spec ?? Some.Spec());
        return Grains.Instance(info.Id);
    }

    /// <summary>Makes an instance that runs.</summary>
    public async Task<string> RunningAsync(InstanceSpec? spec = null)
    {
        var made = await Grains.InstanceFactory().CreateAsync(spec ?? Some.Spec());
        await RestsAsync(made.Id, InstancePhase.Running);
        return made.Id;
    }

    /// <summary>Waits until the instance is in a phase and at rest; how it is then.</summary>
    public async Task<InstanceInfo> RestsAsync(string id, InstancePhase phase)
    {
        InstanceInfo? info = null;
        await Until.True(
            async () => (info = await TryGetAsync(id)) is { Operation: null } && info.Phase == phase,
            Patience, $"instance {id} is {phase} and at rest");
        return info!;
    }

    public Task IsGoneAsync(string id) => Until.True(
        async () => await Index.GetAsync(ResourceKind.Instance, id) is null && await TryGetAsync(id) is null
            && _nodes.All(node => node.Vms.Find(id) is null),
        Patience, $"instance {id} is gone everywhere");

    /// <summary>The info; null while it cannot be had.</summary>
    public async Task<InstanceInfo?> TryGetAsync(string id)
    {
        try
        {
            return await Grains.Instance(id).GetAsync();
        }
        catch (Exception)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _nodes.ForEach(node => node.Dispose());
    }

    // A node whose process does not run answers nobody.
    private SimulatedNode? FindPeer(string node) => CutOff.ContainsKey(node) || !_silos.ContainsKey(node)
        ? null
        : _nodes.Find(peer => peer.Facts.NodeId == node);

    private void Configure(ISiloBuilder silo)
    {
        var life = new SiloLife();
        silo.Services.AddSingleton(new GrainClock(_time));
        silo.Services.AddSingleton(_certificates);
        silo.AddHypemanGrains();
        silo.UseInMemoryReminderService();
        silo.Services.AddSingleton<IResourceIndex>(Index);
        silo.Services.AddSingleton<IGrainStorage>(new MortalStorage(Storage, life));
        if (_hasPeers)
        {
            var peers = new SimulatedPeers(FindPeer);
            silo.Services.AddSingleton<IVmPeers>(peers);
            silo.Services.AddSingleton<ISnapshotPeers>(peers);
        }
        silo.Configure<NodeReconcilerOptions>(options => options.Period = TimeSpan.FromMilliseconds(200));
        silo.Configure<DrainOptions>(options =>
            (options.Period, options.Patience) = (TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(10)));
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = TimeSpan.FromMilliseconds(500);
            options.NumMissedProbesLimit = 2;
            options.NumVotesForDeathDeclaration = 1;
            options.TableRefreshTimeout = TimeSpan.FromSeconds(2);
        });
        if (_starting is not { } node)
            return;
        _lives[node.Facts.NodeId] = life;
        silo.Services.PostConfigure<SiloOptions>(options => options.SiloName = node.Facts.NodeId);
        silo.Services.AddSingleton<INode>(node);
    }
}
