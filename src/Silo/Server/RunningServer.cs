using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Nodes;

namespace Hypeman.Silo.Server;

/// <summary>The server process that runs on a data directory, if one does.</summary>
internal static class RunningServer
{
    /// <summary>Asks it to end and waits for that; kills it when it takes much longer than it may.</summary>
    /// <returns>Its pid; null when none was running.</returns>
    public static async Task<int?> EndAsync(string dataDirectory, TimeProvider time, CancellationToken cancellationToken)
    {
        var lockFile = new DataLayout(dataDirectory).LockFile;
        using (var free = FileLock.TryTake(lockFile))
        {
            if (free is not null)
                return null;
        }
        // The lock is held, so what stands in it is its holder, or that one has just gone.
        if (FileLock.ReadHolder(lockFile) is not { } pid || ProcessIdentity.Of(pid) is not { } identity)
            return null;
        using var server = ProcessHandle.Open(identity);
        if (server is null)
            return null;
        server.Kill(ProcessSignal.Terminate);
        try
        {
            await server.Exited.WaitAsync(Limits.Shutdown + Limits.ShutdownSlack, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            server.Kill(ProcessSignal.Kill);
            await server.Exited.WaitAsync(Limits.ShutdownSlack, time, cancellationToken);
        }
        return pid;
    }
}
