using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Instances;
using Hypeman.Grains.Nodes;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace Hypeman.Grains.Instances;

/// <summary>
/// Makes instances: 1 the wish is within the limits  2 its image is ready  3 something says what to run  4 a node can
/// take it  5 the instance's grain, there, makes it. Nothing is left behind when one of them says no.
/// </summary>
[GrainType("instance-factory"), StatelessWorker]
internal sealed class InstanceFactoryGrain(
    IGrainFactory grains, ReadyImages images, NodeDirectory nodes, IOptions<InstanceLimits> limits)
    : Grain, IInstanceFactoryGrain
{
    public async Task<InstanceInfo> CreateAsync(InstanceSpec spec)
    {
        limits.Value.Check(spec);
        var image = await images.GetAsync(spec.Image);
        _ = GuestPrograms.Resolve(spec, image);

        var id = ResourceId.New();
        HypemanException? refusal = null;
        foreach (var node in PlacementDecision.Candidates(await nodes.UpAsync(), spec, image.Platform, id))
        {
            try
            {
                return await CreateAtAsync(node.Id, id, spec, image);
            }
            catch (HypemanException full) when (full.Kind == ErrorKind.InsufficientResources)
            {
                // Another node may have room, and its grain has not been placed yet: it needs its own id.
                (refusal, id) = (full, ResourceId.New());
            }
        }
        throw refusal!;
    }

    private Task<InstanceInfo> CreateAtAsync(string home, string id, InstanceSpec spec, ImageInfo image)
    {
        var order = new InstanceOrder { Spec = spec, Image = image, Home = home };
        return PlacementHint.CallAsync(home, () => grains.Instance(id).CreateAsync(order));
    }
}
