using System.Text.Json;
using Hypeman.Contracts.Instances;
using Hypeman.Gateway.Errors;

namespace Hypeman.Gateway.Streams;

/// <summary>One file or directory on its way into a guest, or a tree on its way out.</summary>
internal sealed class CopySession(GuestSocket socket, GuestConversation guest)
{
    private Exception? _inputFailure;

    public async Task RunAsync(GuestRequest request, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var input = Task.CompletedTask;
        var isWriting = request is GuestCopyTo;
        try
        {
            await foreach (var output in guest.OpenAsync(request, ended.Token))
            {
                if (output is GuestOpened)
                    input = ForwardAsync(isWriting, ended);
                else if (await PassOnAsync(output, isWriting, ended.Token))
                    return;
            }

            await FailAsync("the copy ended early", null, isWriting, ended.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested && _inputFailure is null)
        {
            // The client has gone, or we go; an unfinished file is the agent's to remove.
        }
        catch (Exception exception)
        {
            await FailAsync(ErrorMapping.From(_inputFailure ?? exception).Body.Message, null, isWriting, cancellationToken);
        }
        finally
        {
            await ended.CancelAsync();
            await input;
        }
    }

    /// <summary>True after the last message.</summary>
    private async Task<bool> PassOnAsync(GuestOutput output, bool isWriting, CancellationToken cancellationToken)
    {
        switch (output)
        {
            case GuestEntry entry:
                await socket.SendTextAsync(Header(entry), WireJson.Streams.CopyHeader, cancellationToken);
                return false;
            case GuestOutputData data:
                await SendContentAsync(data.Bytes, cancellationToken);
                return false;
            case GuestEntryEnd end:
                await socket.SendTextAsync(new CopyEnd(end.Final), WireJson.Streams.CopyEnd, cancellationToken);

                // The official client still writes its last file, and takes a close before that for a failure.
                socket.IsAnswered = end.Final;
                if (end.Final)
                    await socket.ClientClosedAsync();
                return end.Final;
            case GuestWritten written:
                var result = new CopyResult { Success = true, BytesWritten = written.Bytes };
                await socket.SendTextAsync(result, WireJson.Streams.CopyResult, cancellationToken);
                socket.IsAnswered = true;
                return true;
            case GuestFailed failed:
                await FailAsync(failed.Message, failed.Path, isWriting, cancellationToken);
                return true;
            default:
                return false;
        }
    }

    private async Task SendContentAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var cut = JsonFrameCure.CutOf(bytes.Span);
        if (cut > 0)
            await socket.SendBytesAsync(bytes[..cut], cancellationToken);
        await socket.SendBytesAsync(bytes[cut..], cancellationToken);
    }

    private async Task FailAsync(string message, string? path, bool isWriting, CancellationToken cancellationToken)
    {
        await (isWriting
            ? socket.SendTextAsync(
                new CopyResult { Success = false, Error = message }, WireJson.Streams.CopyResult, cancellationToken)
            : socket.SendTextAsync(new CopyError(message, path), WireJson.Streams.CopyError, cancellationToken));
        socket.IsAnswered = true;
    }

    /// <summary>Passes on content up to the end mark. A client that goes before it ends the session.</summary>
    private async Task ForwardAsync(bool isWriting, CancellationTokenSource ended)
    {
        try
        {
            var wanted = isWriting;
            await foreach (var frame in socket.Frames.ReadAllAsync(ended.Token))
                if (wanted && !frame.IsText)
                    wanted = await guest.SendAsync(frame.Bytes, ended.Token);
                else if (wanted && IsEnd(frame.Bytes))
                    wanted = !await guest.SendAsync(new GuestInputEnd(), ended.Token);
        }
        catch (Exception exception) when (!ended.IsCancellationRequested)
        {
            // Without its input the copy cannot go on.
            _inputFailure = exception;
        }
        catch (Exception)
        {
            // The session is over.
        }

        await ended.CancelAsync();
    }

    private static bool IsEnd(ReadOnlyMemory<byte> text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("type", out var type)
                && type.ValueKind == JsonValueKind.String && type.ValueEquals("end");
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static CopyHeader Header(GuestEntry entry) => new()
    {
        Path = entry.Path,
        Mode = entry.Mode,
        IsDir = entry.IsDirectory,
        IsSymlink = entry.IsSymlink,
        LinkTarget = entry.LinkTarget,
        Size = entry.Size,
        Mtime = entry.ModifiedAt,
        Uid = entry.Uid,
        Gid = entry.Gid,
    };
}
