using Hypeman.Contracts.Images;
using Hypeman.Contracts.Index;
using Hypeman.NodeRuntime.Images;

namespace Hypeman.Grains.Images;

/// <summary>
/// The life of what an image name points at, as pure functions.
/// <code>
///   (none) ──▶ Pending ──▶ Pulling ──▶ Converting ──▶ Ready
///                 ▲           │            │            │ root lost
///                 │           └──▶ Failed ◀┘            │
///                 └───────── asked for again ◀──────────┘
/// </code>
/// Pending waits to be pulled; Converting with a place in the queue is pulled and waits to be converted.
/// After a restart what was under way is Pending again; what the node already holds is not fetched twice.
/// </summary>
internal static class ImageLifecycle
{
    /// <summary>
    /// The name is wanted to point at <paramref name="image"/>. The same state when it does already, and that has not
    /// failed: asking twice is free.
    /// </summary>
    public static ImageState Wanted(
        ImageState? present, string name, ResolvedImage image, IReadOnlyDictionary<string, string> tags, bool pushed,
        string home, DateTimeOffset now)
    {
        if (present is { Info: var info } && info.Digest == image.ManifestDigest)
        {
            var same = info.Status == ImageStatus.Failed ? Queued(present) : present;
            return same.Pushed == pushed ? same : same with { Pushed = pushed, Version = present.Version + 1 };
        }
        return new ImageState
        {
            Info = new ImageInfo
            {
                Name = name,
                Digest = image.ManifestDigest,
                Platform = image.Platform,
                Status = ImageStatus.Pending,
                Entrypoint = image.Config.Entrypoint,
                Cmd = image.Config.Cmd,
                Env = image.Config.Env,
                WorkingDir = image.Config.WorkingDir,
                User = image.Config.User,
                StopSignal = image.Config.StopSignal,
                Tags = tags,
                CreatedAt = now,
            },
            Home = present?.Home ?? home,
            Version = (present?.Version ?? 0) + 1,
            Pushed = pushed,
        };
    }

    /// <summary>The node tells how far the root is; not news when the name points elsewhere by now.</summary>
    public static ImageState Progressed(ImageState state, string digest, RootProgress progress)
    {
        if (state.Info.Digest != digest)
            return state;
        var next = state.Info with
        {
            Status = StatusOf(progress.Stage),
            QueuePosition = progress.QueuePosition,
            SizeBytes = progress.RootBytes ?? state.Info.SizeBytes,
            Error = progress.Stage == RootStage.Failed ? progress.Error ?? "the image could not be made ready" : null,
        };
        return next == state.Info ? state : state with { Info = next, Version = state.Version + 1 };
    }

    /// <summary>A look at the node: a root that was ready and is not there any more has to be made again.</summary>
    public static ImageState Seen(ImageState state, long? rootBytes) =>
        state.Info.Status == ImageStatus.Ready && rootBytes is null ? Queued(state) : state;

    /// <summary>
    /// Another node is its home, which holds the root when it is ready. The same state when the name points elsewhere by now,
    /// or something is under way: what is fetched here is fetched to the end.
    /// </summary>
    public static ImageState MovedTo(ImageState state, string home, string digest) =>
        state.Home == home || state.Info.Digest != digest || IsUnderWay(state.Info.Status)
            ? state
            : state with { Home = home, Version = state.Version + 1 };

    public static bool IsUnderWay(ImageStatus status) => status switch
    {
        ImageStatus.Pending or ImageStatus.Pulling or ImageStatus.Converting => true,
        ImageStatus.Ready or ImageStatus.Failed => false,
    };

    public static ResourceRow ToRow(this ImageState state) => new()
    {
        Kind = ResourceKind.Image,
        Id = state.Info.Name,
        Name = state.Info.Name,
        Parent = state.Info.Digest,
        Home = state.Home,
        Tags = state.Info.Tags,
        State = state.Info.Status.ToString(),
        Summary = ResourceSummary.Write(state.Info),
        Version = state.Version,
        CreatedAt = state.Info.CreatedAt,
    };

    private static ImageState Queued(ImageState state) => state with
    {
        Info = state.Info with { Status = ImageStatus.Pending, Error = null, QueuePosition = null, SizeBytes = null },
        Version = state.Version + 1,
    };

    private static ImageStatus StatusOf(RootStage stage) => stage switch
    {
        RootStage.Queued => ImageStatus.Pending,
        RootStage.Pulling => ImageStatus.Pulling,
        RootStage.Converting => ImageStatus.Converting,
        RootStage.Ready => ImageStatus.Ready,
        RootStage.Failed => ImageStatus.Failed,
    };
}
