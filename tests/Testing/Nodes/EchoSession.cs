using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Tests.Testing.Nodes;

/// <summary>A guest session that sends its input back, and ends well at the end of it.</summary>
public sealed class EchoSession(GuestRequest request) : IGuestSession
{
    private readonly Channel<GuestReply> _replies = Channel.CreateUnbounded<GuestReply>();
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _reading = Completed();
    private long _bytes;

    public GuestRequest Request { get; } = request;

    /// <summary>Done when the session was closed.</summary>
    public Task Disposed => _disposed.Task;

    /// <summary>The guest stops reading its input, until it goes on.</summary>
    public void Block() => _reading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void GoOn() => _reading.TrySetResult();

    public IAsyncEnumerable<GuestReply> ReadAllAsync(CancellationToken cancellationToken) =>
        _replies.Reader.ReadAllAsync(cancellationToken);

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await _reading.Task.WaitAsync(cancellationToken);
        _bytes += bytes.Length;
        if (Request is ExecRequest)
            _replies.Writer.TryWrite(new DataReply(bytes, IsError: false));
    }

    public ValueTask EndAsync(CancellationToken cancellationToken)
    {
        _replies.Writer.TryWrite(Request is CopyToRequest ? new WrittenReply(_bytes) : new ExitReply(0));
        _replies.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    public ValueTask ResizeAsync(int rows, int columns, CancellationToken cancellationToken)
    {
        _replies.Writer.TryWrite(new DataReply(System.Text.Encoding.UTF8.GetBytes($"{rows}x{columns}"), IsError: true));
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _replies.Writer.TryComplete();
        _disposed.TrySetResult();
        return ValueTask.CompletedTask;
    }

    private static TaskCompletionSource Completed()
    {
        var done = new TaskCompletionSource();
        done.SetResult();
        return done;
    }
}
