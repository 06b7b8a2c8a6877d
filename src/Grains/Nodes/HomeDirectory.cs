using Orleans.GrainDirectory;

namespace Hypeman.Grains.Nodes;

/// <summary>
/// The grain directory of pinned grains. It holds nothing: such a grain is where placement puts it. The directory that
/// Orleans has by itself spreads its entries over all silos; with it, a silo that dies or hangs would be felt by calls to
/// every other node until it is declared dead.
/// </summary>
internal sealed class HomeDirectory(LocalNodes local, NodeSilos silos, GrainHomes homes, DisplacedActivations displaced) : IGrainDirectory
{
    public const string Name = "home";

    // Nothing known: the caller asks placement, and remembers what it says.
    public Task<GrainAddress?> Lookup(GrainId grainId) => Task.FromResult<GrainAddress?>(null);

    public Task<GrainAddress?> Register(GrainAddress address) => Register(address, previousAddress: null);

    /// <summary>
    /// Takes the activation, unless a caller came here by an old memory: then the answer is where the home is now, and Orleans
    /// passes the calls on. Only a silo that has stood in for a node, or lost what it set out to make, is remembered in error.
    /// </summary>
    public async Task<GrainAddress?> Register(GrainAddress address, GrainAddress? previousAddress)
    {
        if (!displaced.HasStrays || await homes.FindAsync(address.GrainId) is not { } home || local.IsHome(home))
            return address;
        return silos.FindUp(home) is not { } there ? address : new GrainAddress
        {
            GrainId = address.GrainId,
            ActivationId = ActivationId.NewId(),
            SiloAddress = there,
            MembershipVersion = address.MembershipVersion,
        };
    }

    public Task Unregister(GrainAddress address) => Task.CompletedTask;

    public Task UnregisterSilos(List<SiloAddress> siloAddresses) => Task.CompletedTask;
}
