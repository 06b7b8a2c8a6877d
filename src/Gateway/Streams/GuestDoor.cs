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
    public async Task ExecAsync(string id, HttpContext context)
    {
        var instance = await FindRunningAsync(id, context);
        await using var socket = new GuestSocket(await context.WebSockets.AcceptWebSocketAsync(), clock);
        using var ended = EndOf(context);
        var (request, refusal) = await FirstMessage.ReadAsync(socket, ExecRequest.Read, clock, ended.Token);
        if (request is not null)
            await new ExecSession(socket, new GuestConversation(instance, clock)).RunAsync(request, ended.Token);
        else if (refusal is not null)
            await socket.SendTextAsync(new ExecRefusal(refusal), StreamJson.Default.ExecRefusal, ended.Token);
    }

    public async Task CopyAsync(string id, HttpContext context)
    {
        var instance = await FindRunningAsync(id, context);
        await using var socket = new GuestSocket(await context.WebSockets.AcceptWebSocketAsync(), clock);
        using var ended = EndOf(context);
        var (request, refusal) = await FirstMessage.ReadAsync(socket, CopyRequest.Read, clock, ended.Token);
        if (request is not null)
            await new CopySession(socket, new GuestConversation(instance, clock)).RunAsync(request, ended.Token);
        else if (refusal is not null)
            await socket.SendTextAsync(new CopyError(refusal, null), StreamJson.Default.CopyError, ended.Token);
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

    /// <summary>A session ends with its client, or with this process.</summary>
    private CancellationTokenSource EndOf(HttpContext context) =>
        CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
}
