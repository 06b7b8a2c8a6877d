using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Index;
using Hypeman.Grains.Nodes;
using Hypeman.Grains.Records;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Nodes;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace Hypeman.Grains.Images;

/// <summary>
/// The shell around one image name, on the node that holds its root: decisions are in <see cref="ImageLifecycle"/>,
/// the record in <see cref="ImageRecord"/>, slow work in <see cref="ImagePull"/>.
/// </summary>
[GrainType("image"), PinnedPlacement]
internal sealed class ImageGrain : Grain, IImageGrain, IImageReconcile, IImageMoves
{
    /// <summary>Code of the error when the image is on another node, which can be reached: the index says which.</summary>
    public const string MadeElsewhere = "image_made_elsewhere";

    private static readonly TimeSpan ResolvePatience = TimeSpan.FromSeconds(10);

    private readonly DirectState<Stored<ImageState>> _stored;
    private readonly StateCell<ImageState> _cell;
    private readonly ImageRecord _record;
    private readonly ImagePull _pull;
    private readonly RootUsers _roots;
    private readonly DisplacedActivations _displaced;
    private readonly LocalNodes _local;
    private readonly NodeSilos _silos;
    private readonly GrainClock _clock;
    private bool _isStray;

    public ImageGrain(
        IGrainContext context, IGrainStorage storage, IResourceIndex index, RootUsers roots, LocalNodes local,
        NodeSilos silos, DisplacedActivations displaced, GrainClock clock, ILogger<ImageGrain> logger)
    {
        (_roots, _displaced, _local, _silos, _clock) = (roots, displaced, local, silos, clock);
        _stored = new DirectState<Stored<ImageState>>(storage, "image", context.GrainId);
        _cell = new StateCell<ImageState>(_stored, _ => DeactivateOnIdle(), logger);
        _record = new ImageRecord(_cell, index);
        _pull = new ImagePull(_record, logger);
    }

    private string Name => this.GetPrimaryKeyString()[GrainKeys.ImagePrefix.Length..];

    private INode Node
    {
        get
        {
            if (_record.State is { } state)
                return _silos.IsUp(state.Home) && !_local.IsHome(state.Home) ? throw Stray() : _local.Require(state.Home);
            if (_local.All.FirstOrDefault() is { } node)
                return node;
            DeactivateOnIdle();
            throw new HypemanException(ErrorKind.Unavailable, "unavailable", "no node can take the image now, please try again shortly");
        }
    }

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await _stored.ReadStateAsync();
        _cell.Load();
        if (_record.State is not { } state)
            return;
        if (_local.IsHome(state.Home))
            _pull.Wake(Node.Images, login: null);
        else
            _displaced.Add(GrainContext, state.Home);
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _displaced.Remove(GrainContext);
        _record.Watchers.Abandon();
        await _pull.LeaveAsync();
        _cell.Close();
    }

    public async Task<ImageInfo> PullAsync(ImageSpec spec)
    {
        if (_record.State is { Pushed: true } pushed)
            return await ImportAsync(pushed.Info.Digest);
        var node = Node;
        var login = spec.Credentials is { } given ? new RegistryLogin(given.Username, given.Password, given.RegistryToken) : null;
        var image = await ResolveAsync(patience =>
            node.Images.ResolveAsync(Reference, spec.Platform ?? node.Facts.Platform, login, patience));
        return await PointAtAsync(image, spec.Tags, pushed: false, login);
    }

    public async Task<ImageInfo> ImportAsync(string manifestDigest)
    {
        var node = Node;
        var image = await ResolveAsync(patience =>
            node.Images.ResolvePushedAsync(Reference, manifestDigest, node.Facts.Platform, patience));
        var tags = _record.State?.Info.Tags ?? new Dictionary<string, string>();
        return await PointAtAsync(image, tags, pushed: true, login: null);
    }

    public Task<ImageInfo> GetAsync()
    {
        LeaveIfNothing();
        return Task.FromResult(_record.Required.Info);
    }

    public async Task DeleteAsync()
    {
        LeaveIfNothing();
        var (home, digest) = (Node.Facts.NodeId, _record.Required.Info.Digest);
        await _pull.LeaveAsync();
        await _record.RemoveAsync();
        await _roots.ReleaseAsync(home, digest, CancellationToken.None);
        DeactivateOnIdle();
    }

    public IAsyncEnumerable<ImageInfo> WatchAsync(CancellationToken cancellationToken) =>
        _record.Watchers.WatchAsync(_record.Required.Info, cancellationToken);

    public async Task<bool> ReconcileAsync()
    {
        LeaveIfNothing();
        if (_record.State is not { } state)
            return false;
        if (!_local.IsHome(state.Home))
        {
            await _record.RepairAsync(); // Its row is what brought us here, and may be behind.
            return true;
        }
        await _record.ChangeAsync(now => ImageLifecycle.Seen(now, Node.Images.FindRoot(now.Info.Digest)));
        await _record.RepairAsync();
        _pull.Wake(Node.Images, login: null);
        return true;
    }

    public async Task<bool> MoveAsync(string target, string digest)
    {
        LeaveIfNothing();
        var state = await _record.ChangeAsync(state => ImageLifecycle.MovedTo(state, target, digest));
        if (!_local.IsHome(state.Home))
        {
            // The loop of displaced activations tries again, if it cannot be at once.
            _displaced.Add(GrainContext, state.Home);
            GrainContext.Migrate(PlacementHint.For(state.Home), CancellationToken.None);
        }
        return state.Home == target;
    }

    private ImageReference Reference => ImageReference.TryParse(Name, out var reason)
        ?? throw new NodeException(NodeErrorKind.Invalid, reason ?? $"'{Name}' is no image reference");

    private async Task<ImageInfo> PointAtAsync(
        ResolvedImage image, IReadOnlyDictionary<string, string> tags, bool pushed, RegistryLogin? login)
    {
        var before = _record.State?.Info.Digest;
        var now = _clock.Now; // The same in the row and in the record.
        var state = await PutAsync(present => ImageLifecycle.Wanted(present, Name, image, tags, pushed, Node.Facts.NodeId, now));
        _pull.Wake(Node.Images, login);
        if (before is not null && before != state.Info.Digest)
            await _roots.ReleaseAsync(state.Home, before, CancellationToken.None);
        return _record.Required.Info;
    }

    private async Task<ImageState> PutAsync(Func<ImageState?, ImageState> change)
    {
        try
        {
            return await _record.PutAsync(change);
        }
        catch (Exception error) when (error is ResourceClaimedException || _isStray || _cell.IsBehind)
        {
            throw Stray();
        }
    }

    // Two nodes set out to make the image at once, and the other one was first.
    private HypemanException Stray()
    {
        _isStray = true;
        _displaced.ExpectStrays();
        DeactivateOnIdle();
        return new HypemanException(ErrorKind.Unavailable, MadeElsewhere, "the image is made on another node, please try again shortly");
    }

    // The grain answers nobody while it asks the registry, so the registry has to be quick.
    private async Task<ResolvedImage> ResolveAsync(Func<CancellationToken, Task<ResolvedImage>> resolve)
    {
        using var patience = new CancellationTokenSource(ResolvePatience, _clock.Time);
        try
        {
            return await resolve(patience.Token);
        }
        catch (Exception error)
        {
            LeaveIfNothing();
            throw error is OperationCanceledException && patience.IsCancellationRequested
                ? new NodeException(
                    NodeErrorKind.TimedOut, $"{Reference.Registry} did not answer within {ResolvePatience.TotalSeconds:0} seconds")
                : error;
        }
    }

    // A look-up of what does not exist must not stay in memory.
    private void LeaveIfNothing()
    {
        if (_record.State is null)
            DeactivateOnIdle();
    }
}
