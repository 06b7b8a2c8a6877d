namespace Hypeman.Silo.Cluster;

/// <summary>
/// The identity of this process, read again when its files are replaced: connections made from then on show the new one.
/// A set of files that cannot be used is told and passed over, as is one that is being written.
/// </summary>
internal sealed class IdentityKeeper
{
    /// <summary>From then on the log says every day that the certificate ends.</summary>
    public static readonly TimeSpan SoonBeforeEnd = TimeSpan.FromDays(30);

    private static readonly TimeSpan RemindEvery = TimeSpan.FromDays(1);

    private readonly string _directory;
    private readonly TimeProvider _time;
    private string _seen;
    private DateTimeOffset _reminded = DateTimeOffset.MinValue;

    /// <exception cref="StartupException">The directory holds no identity that others would accept.</exception>
    public IdentityKeeper(string directory, TimeProvider time)
    {
        (_directory, _time, _seen) = (directory, time, Stamp(directory));
        Current = ClusterIdentity.Load(directory, time);
    }

    public ClusterIdentity Current { get; private set; }

    /// <summary>One look at the files and at the clock.</summary>
    public void Look(ILogger logger)
    {
        if (Stamp(_directory) is var stamp && stamp != _seen)
            Reload(stamp, logger);
        Remind(logger);
    }

    private void Reload(string stamp, ILogger logger)
    {
        _seen = stamp;
        try
        {
            var read = ClusterIdentity.Load(_directory, _time);
            if (read.JwtSecret != Current.JwtSecret)
                logger.LogWarning("The JWT key in {Directory} was changed; it takes effect when this process starts again", _directory);
            (Current, _reminded) = (read, DateTimeOffset.MinValue);
            logger.LogInformation("The identity in {Directory} was replaced; the new one ends at {End:u}", _directory, read.ExpiresAt);
        }
        catch (StartupException refused)
        {
            logger.LogWarning("The identity in {Directory} was changed but cannot be used, the one before stays: {Reason}", _directory, refused.Message);
        }
    }

    private void Remind(ILogger logger)
    {
        var now = _time.GetUtcNow();
        if (Current.ExpiresAt - now > SoonBeforeEnd || now - _reminded < RemindEvery)
            return;
        _reminded = now;
        logger.LogWarning(
            "The certificate in {Directory} ends at {End:u}, then no other process will speak to this one; "
            + "put a new one in its place (hypeman-silo cluster issue), no restart is needed", _directory, Current.ExpiresAt);
    }

    /// <summary>Changes whenever one of the files does.</summary>
    private static string Stamp(string directory) => string.Join(' ', ClusterFiles.OfMember
        .Select(name => new FileInfo(Path.Combine(directory, name)))
        .Select(file => file.Exists ? $"{file.LastWriteTimeUtc.Ticks}/{file.Length}" : "-"));
}

/// <summary>Lets the keeper look again and again.</summary>
internal sealed class IdentityWatch(IdentityKeeper identity, TimeProvider time, ILogger<IdentityKeeper> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            identity.Look(logger);
            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
