using System.Threading.Channels;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Tests.Gateway.Streams;

/// <summary>A guest session that says what the test says, and keeps what it is told.</summary>
internal sealed class ScriptedSession : IGuestSession
{
    private readonly Channel<GuestReply> _replies = Channel.CreateUnbounded<GuestReply>();
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The input: bytes as text, <c>end</c>, <c>ROWSxCOLUMNS</c>.</summary>
    public Channel<string> Input { get; } = Channel.CreateUnbounded<string>();

    /// <summary>Awaited before input is taken.</summary>
    public Task Reading { get; set; } = Task.CompletedTask;

    public Task Disposed => _disposed.Task;

    public ScriptedSession Says(params GuestReply[] replies)
    {
        foreach (var reply in replies)
            _replies.Writer.TryWrite(reply);
        return this;
    }

    public ScriptedSession Says(string bytes) => Says(new DataReply(System.Text.Encoding.UTF8.GetBytes(bytes), IsError: false));

    public IAsyncEnumerable<GuestReply> ReadAllAsync(CancellationToken cancellationToken) =>
        _replies.Reader.ReadAllAsync(cancellationToken);

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        TakeAsync(System.Text.Encoding.UTF8.GetString(bytes.Span), cancellationToken);

    public ValueTask EndAsync(CancellationToken cancellationToken) => TakeAsync("end", cancellationToken);

    public ValueTask ResizeAsync(int rows, int columns, CancellationToken cancellationToken) =>
        TakeAsync($"{rows}x{columns}", cancellationToken);

    public ValueTask DisposeAsync()
    {
        _replies.Writer.TryComplete();
        _disposed.TrySetResult();
        return ValueTask.CompletedTask;
    }

    private async ValueTask TakeAsync(string input, CancellationToken cancellationToken)
    {
        await Reading.WaitAsync(cancellationToken);
        Input.Writer.TryWrite(input);
    }
}
