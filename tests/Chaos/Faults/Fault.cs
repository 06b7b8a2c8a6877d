using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.Chaos.Faults;

/// <summary>Something that breaks, stays broken for a while, and is mended.</summary>
internal abstract class Fault
{
    /// <summary>For example <c>kill n2</c>.</summary>
    public abstract string Name { get; }

    /// <summary>One of <see cref="FaultDeck.Kinds"/>.</summary>
    public abstract string Kind { get; }

    /// <summary>Members whose calls may fail meanwhile, with a clear error.</summary>
    public abstract IReadOnlySet<string> Affected { get; }

    /// <summary>Whether all that is not in memory may fail: the database is away.</summary>
    public virtual bool AffectsWrites => false;

    /// <summary>How long it stays.</summary>
    public abstract TimeSpan Stay { get; }

    public abstract Task BreakAsync(ManyHosts fleet, CancellationToken cancellationToken);

    /// <summary>When it returns, all members run again.</summary>
    public abstract Task MendAsync(ManyHosts fleet, CancellationToken cancellationToken);

    /// <summary>Whether calls through this member or for instances of it may fail.</summary>
    public bool Affects(string? member) => member is not null && Affected.Contains(member);

    /// <summary>
    /// A process that others have declared dead ends itself once it notices, and is started again, as a service manager
    /// would; one that was back in time goes on.
    /// </summary>
    protected static async Task EnsureRunsAsync(ManyHosts fleet, string member, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (fleet.ProcessOf(member) is { } process)
            using (process)
                if (!await EndsWithinAsync(process.Exited, patience, cancellationToken))
                    return;
        await fleet.StartAsync(member, cancellationToken);
    }

    private static async Task<bool> EndsWithinAsync(Task end, TimeSpan patience, CancellationToken cancellationToken)
    {
        try
        {
            await end.WaitAsync(patience, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
