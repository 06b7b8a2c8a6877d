using System.Security.Cryptography;
using Hypeman.GuestProtocol.Framing;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Guest;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>
/// Tells a guest that stood still what time it is, who it is, and gives it random numbers of its own. Until it is told, the
/// guest runs with the clock and the numbers of when it was saved; one that goes on as another machine then also has that
/// one's address, from which its port takes nothing. Time and numbers go with the hello, so a guest that is who it was
/// needs to be asked nothing more.
/// </summary>
/// <param name="time">The time.</param>
/// <param name="identity">Who it is to be; null when it is that already.</param>
/// <param name="note">Takes a line for the VM's log.</param>
internal sealed class GuestWake(TimeProvider time, GuestIdentity? identity, Action<string> note)
{
    private const long NanosecondsPerTick = 100;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    private bool _isDone;

    /// <summary>For the hello; null when the guest has all that it needs.</summary>
    internal Func<WakeMoment>? Moment => _isDone ? null : Now;

    /// <summary>False when it did not get through: then over the next connection.</summary>
    internal async Task<bool> TellAsync(GuestChannel channel, CancellationToken cancellationToken)
    {
        if (_isDone || (channel.KnowsMoment && identity is null))
            return _isDone = true;
        using var late = new CancellationTokenSource(Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            var now = Now();
            await channel.CallAsync<DoneReply>(
                new WakeRequest { WallClock = now.WallClock, EntropySeed = now.EntropySeed, Identity = identity }, either.Token);
            return _isDone = true;
        }
        catch (NodeException e) when (e.Kind != NodeErrorKind.Unavailable)
        {
            // An agent that cannot will not learn it. Its guest is worth more with a wrong clock than not at all.
            note($"the guest could not be told the time: {e.Message}");
            return _isDone = true;
        }
        catch (Exception e) when (e is NodeException || late.IsCancellationRequested)
        {
            return false;
        }
    }

    private WakeMoment Now() => new(
        (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * NanosecondsPerTick, RandomNumberGenerator.GetBytes(WakeMoment.SeedBytes));
}
