namespace Hypeman.Ingress.Waking;

/// <summary>The way to have an instance run that is at rest. Supplied by whoever hosts the ingress.</summary>
public interface IInstanceWaker
{
    /// <summary>
    /// Returns when its guest answers, whoever woke it. One that is on its way to rest is waited for, then woken.
    /// </summary>
    /// <param name="instanceId">Of the instance.</param>
    /// <param name="fromStopped">One that is stopped is started; else only one in standby is woken.</param>
    /// <param name="cancellationToken">Gives up waiting; a wake that has begun goes on.</param>
    /// <exception cref="WakeFailedException">It does not run, and why.</exception>
    Task WakeAsync(string instanceId, bool fromStopped, CancellationToken cancellationToken);
}

/// <summary>An instance was not woken.</summary>
/// <param name="message">Why.</param>
/// <param name="mayPass">It is worth trying again in a while.</param>
public sealed class WakeFailedException(string message, bool mayPass) : Exception(message)
{
    public bool MayPass => mayPass;
}
