using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text.Json;
using System.Threading.Channels;
using Hypeman.NodeRuntime.Errors;

namespace Hypeman.NodeRuntime.Hypervisors.Qemu;

/// <summary>
/// A session of the QEMU Machine Protocol: JSON objects, one a line. One task reads and owns what comes; whatever
/// ends the session first is the reason that all calls get.
/// </summary>
internal sealed class QmpConnection : IAsyncDisposable
{
    private const int MaxLineBytes = 1024 * 1024;
    private const int MaxEvents = 64;

    private readonly Stream _stream;
    private readonly PipeReader _input;
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonElement>> _calls = new();
    private readonly Channel<QmpEvent> _events = Channel.CreateBounded<QmpEvent>(
        new BoundedChannelOptions(MaxEvents) { FullMode = BoundedChannelFullMode.DropOldest, SingleWriter = true });

    private long _lastId;
    private NodeException? _reason;

    private QmpConnection(Stream stream)
    {
        _stream = stream;
        _input = PipeReader.Create(stream);
    }

    /// <summary>Ends with the session; never fails.</summary>
    public Task Closed { get; private set; } = Task.CompletedTask;

    /// <summary>The latest events; a reader that is slow loses the oldest. Ends with the session.</summary>
    public ChannelReader<QmpEvent> Events => _events.Reader;

    /// <summary>Reads the greeting and leaves the negotiation mode. The connection owns the stream, also when this fails.</summary>
    /// <exception cref="NodeException">Unavailable: the other side is not QEMU, or went away.</exception>
    public static async Task<QmpConnection> OpenAsync(Stream stream, CancellationToken cancellationToken)
    {
        var connection = new QmpConnection(stream);
        try
        {
            var greeting = await connection.ReadLineAsync(cancellationToken);
            if (greeting is not { ValueKind: JsonValueKind.Object } hello || !hello.TryGetProperty("QMP", out _))
                throw Unavailable("The hypervisor did not greet as QEMU does.");
            connection.Closed = connection.ReadAllAsync();
            await connection.ExecuteAsync("qmp_capabilities", cancellationToken);
            return connection;
        }
        catch (Exception e)
        {
            await connection.DisposeAsync();
            if (e is IOException)
                throw Unavailable("The hypervisor ended its control session.", e);
            throw;
        }
    }

    /// <summary>Sends a command and returns what it returns. Cancelling stops the waiting, not the command.</summary>
    /// <exception cref="NodeException">Internal: QEMU refused it. Unavailable: the session ended.</exception>
    public async Task<JsonElement> ExecuteAsync(
        string command, CancellationToken cancellationToken, Action<Utf8JsonWriter>? arguments = null)
    {
        var id = Interlocked.Increment(ref _lastId);
        var call = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        _calls[id] = call;
        try
        {
            if (Volatile.Read(ref _reason) is { } ended)
                throw ended;
            await WriteAsync(Compose(id, command, arguments), cancellationToken);
            return await call.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            _calls.TryRemove(id, out _);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await Closed;
        End(Unavailable("The control session of the hypervisor was closed."));
        await _input.CompleteAsync();
        await _stream.DisposeAsync();
    }

    private static ReadOnlyMemory<byte> Compose(long id, string command, Action<Utf8JsonWriter>? arguments)
    {
        var line = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteString("execute", command);
            if (arguments is not null)
            {
                json.WriteStartObject("arguments");
                arguments(json);
                json.WriteEndObject();
            }
            json.WriteNumber("id", id);
            json.WriteEndObject();
        }
        line.Write("\n"u8);
        return line.WrittenMemory;
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> line, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            // A line that was begun is finished, or the session would be out of step: only its end stops a write.
            await _stream.WriteAsync(line, _closing.Token);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            throw Volatile.Read(ref _reason) ?? Unavailable("The hypervisor went away.", e);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task ReadAllAsync()
    {
        try
        {
            while (await ReadLineAsync(_closing.Token) is { } message)
                Dispatch(message);
            End(Unavailable("The hypervisor ended its control session."));
        }
        catch (OperationCanceledException)
        {
            End(Unavailable("The control session of the hypervisor was closed."));
        }
        catch (NodeException e)
        {
            End(e);
        }
        catch (Exception e)
        {
            End(Unavailable("The control session of the hypervisor broke.", e));
        }
        // Nobody reads any more. The other side is not left to wait until somebody does.
        await _stream.DisposeAsync();
    }

    /// <summary>Null at the end of the stream.</summary>
    private async ValueTask<JsonElement?> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await _input.ReadAsync(cancellationToken);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var message = Parse(read.Buffer.Slice(0, end));
                _input.AdvanceTo(read.Buffer.GetPosition(1, end));
                return message;
            }
            if (read.Buffer.Length > MaxLineBytes)
                throw Unavailable($"The hypervisor sent a line of more than {MaxLineBytes} bytes.");
            _input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
                return null;
        }
    }

    private static JsonElement Parse(ReadOnlySequence<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            return JsonElement.ParseValue(ref reader);
        }
        catch (JsonException e)
        {
            throw Unavailable("The hypervisor sent what is not JSON.", e);
        }
    }

    private void Dispatch(JsonElement message)
    {
        if (message.ValueKind != JsonValueKind.Object)
            return;
        if (message.TryGetProperty("event", out var name))
        {
            message.TryGetProperty("data", out var data);
            _events.Writer.TryWrite(new QmpEvent(name.GetString() ?? "", data));
        }
        // An answer without an id of ours is to a call whose caller has left.
        else if (message.TryGetProperty("id", out var id) && id.TryGetInt64(out var number)
            && _calls.TryGetValue(number, out var call))
        {
            if (message.TryGetProperty("return", out var result))
                call.TrySetResult(result);
            else
                call.TrySetException(Refused(message));
        }
    }

    private void End(NodeException why)
    {
        if (Interlocked.CompareExchange(ref _reason, why, null) is not null)
            return;
        foreach (var call in _calls.Values)
            call.TrySetException(why);
        _events.Writer.TryComplete();
    }

    private static NodeException Refused(JsonElement message) => new(
        NodeErrorKind.Internal,
        "The hypervisor refused a command.",
        message.TryGetProperty("error", out var error) ? error.GetRawText() : message.GetRawText());

    private static NodeException Unavailable(string message, Exception? inner = null) =>
        new(NodeErrorKind.Unavailable, message, inner?.Message, inner);
}
