using System.Text.Json.Serialization.Metadata;
using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Gateway.Requests;
using Microsoft.Extensions.Hosting;

namespace Hypeman.Gateway.Streams;

/// <summary>
/// The way from a request to a guest. What can be refused is refused before the upgrade, as an ordinary answer.
/// </summary>
internal sealed class GuestDoor(
    ResourceLookup lookup, IGrainFactory grains, IHostApplicationLifetime lifetime, TimeProvider clock)
{
    public Task ExecAsync(string id, HttpContext context) => EnterAsync(
        id, context, ExecRequest.Read,
        (socket, guest, request, cancellationToken) => new ExecSession(socket, guest).RunAsync(request, cancellationToken),
        refusal => new ExecRefusal(refusal), WireJson.Streams.ExecRefusal);

    public Task CopyAsync(string id, HttpContext context) => EnterAsync(
        id, context, CopyRequest.Read,
        (socket, guest, request, cancellationToken) => new CopySession(socket, guest).RunAsync(request, cancellationToken),
        refusal => new CopyError(refusal, null), WireJson.Streams.CopyError);

    private async Task EnterAsync<TRequest, TRefusal>(
        string id, HttpContext context, Func<FieldReader, TRequest> read,
        Func<GuestSocket, GuestConversation, TRequest, CancellationToken, Task> runAsync,
        Func<string, TRefusal> refuse, JsonTypeInfo<TRefusal> refusalType)
        where TRequest : class
    {
        var instance = await FindRunningAsync(id, context);

        // A session ends with its client, or with this process.
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        await using var socket = new GuestSocket(await context.WebSockets.AcceptWebSocketAsync(), clock);
        try
        {
            var (request, refusal) = await FirstMessage.ReadAsync(socket, read, clock, ended.Token);
            if (request is not null)
                await runAsync(socket, new GuestConversation(instance, clock), request, ended.Token);
            else if (refusal is not null)
                await socket.SendTextAsync(refuse(refusal), refusalType, ended.Token);
            socket.IsAnswered |= refusal is not null;
        }
        catch (OperationCanceledException)
        {
            // The client has gone, or we go: nobody is there to tell.
        }
    }

    private async Task<IInstanceGrain> FindRunningAsync(string id, HttpContext context)
    {
        var found = await lookup.FindIdAsync(ResourceKind.Instance, id, context.RequestAborted);
        var instance = grains.Instance(found);
        var info = await instance.GetAsync();
        if (info.Phase != InstancePhase.Running)
            throw HypemanException.InvalidState($"instance must be running (current state: {info.Phase})");
        if (info.Spec.SkipGuestAgent)
            throw new HypemanException(ErrorKind.NotSupported, "unsupported", "the instance runs without a guest agent");
        if (!context.WebSockets.IsWebSocketRequest)
            throw new BadHttpRequestException("this is a WebSocket endpoint", StatusCodes.Status426UpgradeRequired);
        return instance;
    }
}
