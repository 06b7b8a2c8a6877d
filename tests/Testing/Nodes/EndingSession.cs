using System.Runtime.CompilerServices;
using System.Text;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Tests.Testing.Nodes;

/// <summary>A command that says something and ends.</summary>
public sealed class EndingSession(int exitCode, string output) : IGuestSession
{
    public async IAsyncEnumerable<GuestReply> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var part in Encoding.UTF8.GetBytes(output).Chunk(32 * 1024))
            yield return new DataReply(part, IsError: true);
        await Task.CompletedTask;
        yield return new ExitReply(exitCode);
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask EndAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask ResizeAsync(int rows, int columns, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
