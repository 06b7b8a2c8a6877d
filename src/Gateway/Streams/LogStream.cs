using System.Text.Json;
using Hypeman.Contracts.Instances;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Hypeman.Gateway.Streams;

/// <summary>
/// Log lines as server-sent events: each line is one event whose data is the line as a JSON string.
/// </summary>
internal sealed class LogStream(IInstanceGrain instance, LogQuery query) : IResult
{
    private const int BatchesAhead = 64;

    /// <summary>What is wrong is known at once; a quiet log must not keep its reader waiting for the headers.</summary>
    private static readonly TimeSpan FirstLinePatience = TimeSpan.FromSeconds(1);

    public async Task ExecuteAsync(HttpContext context)
    {
        var services = context.RequestServices;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        await using var batches = instance.ReadLogAsync(query, ended.Token)
            .Buffered(BatchesAhead, ended.Token).GetAsyncEnumerator(ended.Token);

        var next = batches.MoveNextAsync().AsTask();
        try
        {
            await Task.WhenAny(next, Task.Delay(FirstLinePatience, services.GetRequiredService<TimeProvider>(), ended.Token));
            if (next.IsFaulted)
                await next;
            await BeginAsync(context, ended.Token);
            while (await next)
            {
                await WriteAsync(context.Response, batches.Current, ended.Token);
                next = batches.MoveNextAsync().AsTask();
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The reader has gone, or we go.
        }
        finally
        {
            // An enumeration can only be disposed when it stands still.
            await ended.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task BeginAsync(HttpContext context, CancellationToken cancellationToken)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var headers = context.Response.Headers;
        headers.ContentType = "text/event-stream";
        headers.CacheControl = "no-cache";
        headers.Connection = "keep-alive";
        headers["X-Accel-Buffering"] = "no";
        await context.Response.StartAsync(cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
    }

    private static async Task WriteAsync(HttpResponse response, LogLines batch, CancellationToken cancellationToken)
    {
        foreach (var line in batch.Lines)
            await response.WriteAsync($"data: {JsonSerializer.Serialize(line, WireJson.Api.String)}\n\n", cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
    }
}
