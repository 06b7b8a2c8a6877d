using System.Text.Json;
using Hypeman.Contracts.Instances;
using Hypeman.Gateway.Errors;

namespace Hypeman.Gateway.Streams;

/// <summary>
/// A command in a guest. What the client sends is its input, in order; what it prints goes back as it comes; its exit
/// code is the last message. When the client goes, the command is killed.
/// </summary>
internal sealed class ExecSession(GuestSocket socket, GuestConversation guest)
{
    private const int LaunchFailed = 127;

    private Exception? _inputFailure;

    public async Task RunAsync(ExecRequest request, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var input = Task.CompletedTask;
        try
        {
            await foreach (var output in guest.OpenAsync(request.Exec, ended.Token))
            {
                if (output is GuestOpened)
                    input = ForwardAsync(request, ended);
                else if (await PassOnAsync(output, ended.Token))
                    return;
            }

            await FailAsync("the command ended without an exit code", ended.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested && _inputFailure is null)
        {
            // The client has gone, or we go.
        }
        catch (Exception exception)
        {
            await FailAsync(ErrorMapping.From(_inputFailure ?? exception).Body.Message, cancellationToken);
        }
        finally
        {
            await ended.CancelAsync();
            await input;
        }
    }

    /// <summary>True after the last message.</summary>
    private async Task<bool> PassOnAsync(GuestOutput output, CancellationToken cancellationToken)
    {
        switch (output)
        {
            case GuestOutputData data:
                await socket.SendBytesAsync(data.Bytes, cancellationToken);
                return false;
            case GuestExited exited:
                await ExitAsync(exited.ExitCode, cancellationToken);
                return true;
            case GuestFailed failed:
                await FailAsync(failed.Message, cancellationToken);
                return true;
            default:
                return false;
        }
    }

    private async Task FailAsync(string message, CancellationToken cancellationToken)
    {
        await socket.SendBytesAsync(System.Text.Encoding.UTF8.GetBytes($"Error: {message}\r\n"), cancellationToken);
        await ExitAsync(LaunchFailed, cancellationToken);
    }

    private async Task ExitAsync(int code, CancellationToken cancellationToken)
    {
        await socket.SendTextAsync(new ExecExit(code), WireJson.Streams.ExecExit, cancellationToken);
        socket.IsAnswered = true;
    }

    /// <summary>Ends the session when the client goes; until then its frames are taken, wanted or not.</summary>
    private async Task ForwardAsync(ExecRequest request, CancellationTokenSource ended)
    {
        try
        {
            var wanted = true;
            await foreach (var frame in socket.Frames.ReadAllAsync(ended.Token))
                wanted = wanted && await (ReadInput(request, frame) is { } input
                    ? guest.SendAsync(input, ended.Token)
                    : guest.SendAsync(frame.Bytes, ended.Token));
        }
        catch (Exception exception) when (!ended.IsCancellationRequested)
        {
            // Without its input the command cannot go on.
            _inputFailure = exception;
        }
        catch (Exception)
        {
            // The session is over.
        }

        await ended.CancelAsync();
    }

    /// <summary>What a frame is when it is not bytes of the input; null when it is.</summary>
    private static GuestInput? ReadInput(ExecRequest request, ClientFrame frame) =>
        request.Exec.Tty && frame.IsText ? ReadResize(frame.Bytes)
        : request.HasInputEnd && !frame.IsText && frame.Bytes.IsEmpty ? new GuestInputEnd()
        : null;

    private static GuestResize? ReadResize(ReadOnlyMemory<byte> text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("resize", out var resize)
                && resize.ValueKind == JsonValueKind.Object
                && IsSize(resize, "rows", out var rows)
                && IsSize(resize, "cols", out var columns) ? new GuestResize(rows, columns) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool IsSize(JsonElement resize, string name, out int size)
    {
        size = 0;
        return resize.TryGetProperty(name, out var element) && element.ValueKind == JsonValueKind.Number
            && element.TryGetInt32(out size) && size is > 0 and <= ushort.MaxValue;
    }
}
