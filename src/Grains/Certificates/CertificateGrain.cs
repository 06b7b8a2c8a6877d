using System.Security.Cryptography.X509Certificates;
using System.Text;
using Hypeman.Certificates.Issuance;
using Hypeman.Contracts;
using Hypeman.Contracts.Certificates;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Ingresses;
using Hypeman.Grains.Ingresses;
using Hypeman.Grains.Records;
using Microsoft.Extensions.Logging;

namespace Hypeman.Grains.Certificates;

/// <summary>
/// The shell around one certificate, whose row in the index is its whole record: decisions are in <see cref="CertificateDecision"/>,
/// the work is an <see cref="ICertificateIssuer"/>'s. A reminder has it looked at on whatever silo there is.
/// </summary>
[GrainType("certificate")]
internal sealed class CertificateGrain : Grain, ICertificateGrain, IRemindable, IChallengeBoard, IDisposable
{
    private const string Reminder = "renew";

    /// <summary>An order that takes longer is given up.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    /// <summary>Callers are answered before their calls time out.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan LookEvery = TimeSpan.FromHours(1);

    private readonly IResourceIndex _index;
    private readonly CertificatePolicy _policy;
    private readonly ReservedHostname _reserved;
    private readonly GrainClock _clock;
    private readonly ILogger _logger;
    private readonly GrainAlarm _alarm;
    private readonly CancellationTokenSource _ending = new();
    private CertificateInfo? _info;
    private long _version;
    private Task _work = Task.CompletedTask;
    private Task? _creation;

    public CertificateGrain(
        IResourceIndex index, CertificatePolicy policy, ReservedHostname reserved, GrainClock clock, ILogger<CertificateGrain> logger)
    {
        (_index, _policy, _reserved, _clock, _logger) = (index, policy, reserved, clock, logger);
        _alarm = new GrainAlarm(clock, LookAsync, logger);
    }

    private string Name => this.GetPrimaryKeyString()[GrainKeys.CertificatePrefix.Length..];

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (await _index.GetAsync(ResourceKind.Certificate, Name, cancellationToken) is not { } row)
            return;
        (_info, _version) = (ResourceSummary.Read<CertificateInfo>(row), row.Version);
        _alarm.Set(_info.NextAttemptAt);
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _alarm.End();
        await _ending.CancelAsync();
        await _work;
    }

    public void Dispose() => _ending.Dispose();

    public async Task<CertificateInfo> EnsureAsync()
    {
        if (!IsOfApi)
            _policy.Require(Name, "tls");
        if (_info is null)
            await (_creation ??= CreateAsync());
        await LookAsync();
        await Task.WhenAny(_work, Task.Delay(Patience, _clock.Time));
        return _info ?? throw HypemanException.NotFound();
    }

    public Task<CertificateInfo> RenewAsync()
    {
        if (!IsOfApi)
            _policy.Require(Name, "certificate");
        if (_info is null)
        {
            DeactivateOnIdle();
            throw HypemanException.NotFound();
        }
        if (_work.IsCompleted)
            _work = GuardedAsync(RenewNowAsync);
        return Task.FromResult(_info);
    }

    public async Task ReleaseAsync()
    {
        if (_info is null)
            DeactivateOnIdle();
        else if (!await IsNeededAsync())
            await ForgetAsync();
    }

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        if (_info is null)
            await ForgetAsync();
        else
            await LookAsync();
    }

    Task IChallengeBoard.ShowAsync(Challenge challenge, CancellationToken cancellationToken) => ChangeAsync(
        _info! with { Challenge = new CertificateChallenge(challenge.Kind == ChallengeKind.TlsAlpn01, challenge.Token, challenge.KeyAuthorization) });

    // What is written next, of success or failure, has none.
    Task IChallengeBoard.ClearAsync() => Task.CompletedTask;

    private async Task CreateAsync()
    {
        var info = CertificateDecision.New(Name, _clock.Now);
        // The reminder comes first: one without a certificate ends itself, a certificate without one would never be renewed.
        await RemindAsync(Deadline);
        try
        {
            await _index.InsertAsync(Row(info, version: 1), [Name]);
            (_info, _version) = (info, 1);
        }
        finally
        {
            _creation = null;
        }
    }

    private Task LookAsync()
    {
        if (_info is null || !_work.IsCompleted || _policy.Issuer is null)
            return Task.CompletedTask;
        if (CertificateDecision.IsDue(_info, _clock.Now))
            _work = GuardedAsync(IssueIfNeededAsync);
        else
            _alarm.Set(_info.NextAttemptAt);
        return Task.CompletedTask;
    }

    /// <summary>It is due from now on, should this silo die before it is there.</summary>
    private async Task RenewNowAsync()
    {
        await ChangeAsync(_info! with { NextAttemptAt = _clock.Now });
        await IssueIfNeededAsync();
    }

    private async Task IssueIfNeededAsync()
    {
        if (!await IsNeededAsync())
        {
            await ForgetAsync();
            return;
        }
        DelayDeactivation(2 * Deadline);
        // Should this silo die meanwhile, the next one takes it up.
        await RemindAsync(2 * Deadline);
        await ChangeAsync(await IssueAsync(_info!));
        await RemindAsync(_info!.NextAttemptAt - _clock.Now);
        // At the very end, when the work is over as soon as this returns: an alarm that finds it under way does nothing.
        _alarm.Set(_info.NextAttemptAt);
    }

    /// <summary>Work that nobody waits for.</summary>
    private async Task GuardedAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // The next activation begins anew.
        }
        catch (Exception error)
        {
            _logger.LogWarning(error, "The certificate of {Name} is left to the next look at it", Name);
            DeactivateOnIdle();
        }
    }

    /// <summary>What it is then, whatever came of it.</summary>
    private async Task<CertificateInfo> IssueAsync(CertificateInfo before)
    {
        using var deadline = new CancellationTokenSource(Deadline, _clock.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, _ending.Token);
        try
        {
            var issued = await _policy.Issuer!.IssueAsync(Name, before.Failures, this, stop.Token);
            var done = CertificateDecision.Issued(before, Seal(issued));
            _logger.LogInformation("The certificate of {Name} was issued by {Issuer}, good until {End:u}", Name, done.Material!.Issuer, done.Material.NotAfter);
            return done;
        }
        catch (IssuanceException failure)
        {
            return Failed(before, failure.Message, failure.RetryAfter);
        }
        catch (OperationCanceledException) when (!_ending.IsCancellationRequested)
        {
            return Failed(before, $"it did not come about within {Deadline.TotalMinutes:0} minutes", null);
        }
    }

    private CertificateInfo Failed(CertificateInfo before, string reason, TimeSpan? asked)
    {
        var failed = CertificateDecision.Failed(before, reason, asked, _clock.Now);
        _logger.LogWarning("The certificate of {Name} was not issued, and is tried again at {Next:u}: {Reason}", Name, failed.NextAttemptAt, reason);
        return failed;
    }

    private CertificateMaterial Seal(IssuedCertificate issued)
    {
        using var certificate = X509Certificate2.CreateFromPem(issued.ChainPem);
        return new CertificateMaterial(
            _policy.Sealer!.Seal(Encoding.ASCII.GetBytes(issued.ChainPem + "\n" + issued.KeyPem), Name),
            certificate.Issuer, certificate.SerialNumber.ToLowerInvariant(), certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
    }

    private bool IsOfApi => _reserved.HasTls && _reserved.Name == Name;

    private async Task<bool> IsNeededAsync()
    {
        if (IsOfApi)
            return true;
        await foreach (var row in _index.ListAsync(new ResourceQuery(ResourceKind.Ingress)))
            if (ResourceSummary.Read<IngressInfo>(row).Rules.Any(rule => CertificateName.IsNeededBy(rule, Name)))
                return true;
        return false;
    }

    private async Task ChangeAsync(CertificateInfo next)
    {
        if (!await _index.UpdateAsync(Row(next, _version + 1)))
        {
            DeactivateOnIdle();
            throw new InvalidOperationException($"Another activation looks after the certificate of {Name}.");
        }
        (_info, _version) = (next, _version + 1);
    }

    private async Task ForgetAsync()
    {
        await _index.DeleteAsync(ResourceKind.Certificate, Name);
        _info = null;
        _alarm.Set(null);
        if (await this.GetReminder(Reminder) is { } reminder)
            await this.UnregisterReminder(reminder);
        DeactivateOnIdle();
    }

    private Task<IGrainReminder> RemindAsync(TimeSpan due) =>
        this.RegisterOrUpdateReminder(Reminder, due < TimeSpan.Zero ? TimeSpan.Zero : due < LookEvery ? due : LookEvery, LookEvery);

    private ResourceRow Row(CertificateInfo info, long version) => new()
    {
        Kind = ResourceKind.Certificate,
        Id = info.Name,
        Name = info.Name,
        State = info.StateAt(_clock.Now).ToString(),
        Summary = ResourceSummary.Write(info),
        Version = version,
        CreatedAt = info.CreatedAt,
    };
}
