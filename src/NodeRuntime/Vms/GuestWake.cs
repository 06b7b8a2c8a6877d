using System.Security.Cryptography;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Guest;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>
/// Tells a guest that stood still what time it is, who it is, and gives it random numbers of its own. Until it is told, the
/// guest runs with the clock and the numbers of when it was saved; one that goes on as another machine then also has that
/// one's address, from which its port takes nothing.
/// </summary>
internal sealed class GuestWake(TimeProvider time, GuestIdentity identity, Action<string> note)
{
    private const int SeedBytes = 64;
    private const long NanosecondsPerTick = 100;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    private bool _isDone;

    /// <summary>False when it did not get through: then over the next connection.</summary>
    internal async Task<bool> TellAsync(GuestChannel channel, CancellationToken cancellationToken)
    {
        if (_isDone)
            return true;
        using var late = new CancellationTokenSource(Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            await channel.CallAsync<DoneReply>(
                new WakeRequest
                {
                    WallClock = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * NanosecondsPerTick,
                    EntropySeed = RandomNumberGenerator.GetBytes(SeedBytes),
                    Identity = identity,
                },
                either.Token);
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
}
