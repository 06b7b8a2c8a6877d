using System.Text.Json;
using System.Text.Json.Serialization;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms.Transfer;
using Hypeman.Peers.Connections;
using Microsoft.AspNetCore.Http;
using ZstdSharp;

namespace Hypeman.Peers.Vms;

/// <summary>How VMs at rest go between hosts: descriptions as JSON, chunks compressed, refusals with their kind.</summary>
internal static class VmWire
{
    private const string KindHeader = "hypeman-refusal";

    /// <summary>As fast as a disk, and a fraction of the bytes: much of a disk is text or nearly empty.</summary>
    private const int Level = 1;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    /// <summary>Writes what describes a VM or a snapshot.</summary>
    public static Task WriteAsync<T>(HttpContext context, T description) =>
        context.Response.WriteAsJsonAsync(description, Json, context.RequestAborted);

    public static async Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> chunk)
    {
        using var compressor = new Compressor(Level);
        var packed = compressor.Wrap(chunk.Span).ToArray();
        context.Response.ContentType = "application/zstd";
        context.Response.ContentLength = packed.Length;
        await context.Response.Body.WriteAsync(packed, context.RequestAborted);
    }

    /// <exception cref="NodeException">The other refused.</exception>
    /// <exception cref="IOException">It cannot be reached, or does not answer as it should.</exception>
    public static async Task<HttpResponseMessage> SendAsync(
        PeerDirectory directory, PeerClient client, HttpMethod method, string nodeId, string path, CancellationToken cancellationToken)
    {
        var peer = await directory.FindAsync(nodeId, cancellationToken) ?? throw new IOException($"The address of node {nodeId} is not known.");
        using var request = PeerClient.Request(method, peer, path);
        var answer = await client.SendAsync(request, cancellationToken);
        try
        {
            await RequireAsync(answer, cancellationToken);
            return answer;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    private static Task RefuseAsync(HttpContext context, NodeException refused)
    {
        context.Response.StatusCode = refused.Kind switch
        {
            NodeErrorKind.NotFound => StatusCodes.Status404NotFound,
            NodeErrorKind.Invalid => StatusCodes.Status400BadRequest,
            _ => StatusCodes.Status409Conflict,
        };
        context.Response.Headers[KindHeader] = refused.Kind.ToString();
        return context.Response.WriteAsync(refused.Message, context.RequestAborted);
    }

    private static async Task RequireAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.IsSuccessStatusCode)
            return;
        var words = await PeerClient.ReadRefusalAsync(answer, cancellationToken);
        throw answer.Headers.TryGetValues(KindHeader, out var kinds) && Enum.TryParse<NodeErrorKind>(kinds.First(), out var kind)
            ? new NodeException(kind, words)
            : new IOException($"{answer.RequestMessage?.RequestUri?.Authority} answers {(int)answer.StatusCode}: {words}");
    }

    /// <summary>Has the work of a request done, and tells how a node refused it.</summary>
    public static async Task AnswerAsync(HttpContext context, Func<Task> answer)
    {
        try
        {
            await answer();
        }
        catch (NodeException refused)
        {
            await RefuseAsync(context, refused);
        }
    }

    public static async Task<T> ReadAsync<T>(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
            return await JsonSerializer.DeserializeAsync<T>(body, Json, cancellationToken)
                ?? throw new IOException("A description of a VM is empty.");
        }
        catch (JsonException e)
        {
            throw new IOException($"A description of a VM cannot be read: {e.Message}", e);
        }
    }

    public static async Task<ReadOnlyMemory<byte>> ReadChunkAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var packed = new byte[Compressor.GetCompressBound(VmFile.ChunkBytes)];
        var length = await body.ReadAtLeastAsync(packed, packed.Length, throwOnEndOfStream: false, cancellationToken);
        var chunk = new byte[VmFile.ChunkBytes];
        try
        {
            using var decompressor = new Decompressor();
            return chunk.AsMemory(0, decompressor.Unwrap(packed.AsSpan(0, length), chunk));
        }
        catch (ZstdException e)
        {
            throw new IOException($"A chunk of a disk cannot be unpacked: {e.Message}", e);
        }
    }
}
