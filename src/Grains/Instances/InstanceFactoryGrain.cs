using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Instances;
using Hypeman.Grains.Instances.Health;
using Hypeman.Grains.Instances.Policies;
using Hypeman.Grains.Records;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace Hypeman.Grains.Instances;

/// <summary>
/// Makes instances: 1 the wish is within the limits  2 its image is ready  3 something says what to run  4 a node can
/// take it  5 the instance's grain, there, makes it. Nothing is left behind when one of them says no.
/// </summary>
[GrainType("instance-factory"), StatelessWorker]
internal sealed class InstanceFactoryGrain(
    ReadyImages images, InstancePlacement placement, InstanceCopies copies, InstanceRelocation relocation, IOptions<InstanceLimits> limits,
    GrainClock clock) : Grain, IInstanceFactoryGrain
{
    public async Task<InstanceInfo> CreateAsync(InstanceSpec spec)
    {
        limits.Value.Check(spec);
        HealthRules.Check(spec);
        _ = InstanceExpiry.EndOf(spec.Lifetime, clock.Now);
        var image = await images.GetAsync(spec.Image);
        _ = GuestPrograms.Resolve(spec, image);

        return await placement.PutAsync(spec, image);
    }

    public async Task<InstanceInfo> ForkAsync(string sourceId, ForkSpec spec)
    {
        var source = GrainFactory.GetGrain<IInstanceForks>(GrainKeys.InstancePrefix + sourceId);
        return await copies.MakeAsync(await source.PrepareForkAsync(spec));
    }

    public Task<InstanceInfo> MoveAsync(string id, MoveSpec spec) => relocation.BeginAsync(id, spec);
}
