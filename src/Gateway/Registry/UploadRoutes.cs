using System.Globalization;

namespace Hypeman.Gateway.Registry;

/// <summary>Pushes of blobs: in one request, or as a session of several.</summary>
internal sealed class UploadRoutes(IRegistryStore store)
{
    /// <summary>Begins a session; or takes the whole blob, or one that another repository has, at once.</summary>
    public async Task<IResult> BeginAsync(HttpContext context, RegistryPath path)
    {
        var query = context.Request.Query;
        if (query["mount"].ToString() is { Length: > 0 } mount && RegistryPath.IsDigest(mount) && store.FindBlob(mount) is not null)
            return Created(context, path, mount);

        var digest = query["digest"].ToString();
        if (digest.Length > 0)
            CheckDigest(digest);
        var id = store.BeginUpload();
        if (digest.Length == 0)
            return Accepted(context, path, id, 0);
        try
        {
            await store.AppendAsync(id, 0, context.Request.Body, context.RequestAborted);
        }
        catch
        {
            await store.CancelUploadAsync(id);
            throw;
        }
        await store.FinishUploadAsync(id, digest);
        return Created(context, path, digest);
    }

    public async Task<IResult> AnswerAsync(HttpContext context, RegistryPath path)
    {
        var request = context.Request;
        if (HttpMethods.IsPatch(request.Method))
            return await AppendAsync(context, path);
        if (HttpMethods.IsPut(request.Method))
            return await FinishAsync(context, path);
        if (HttpMethods.IsDelete(request.Method))
        {
            await store.CancelUploadAsync(path.Target);
            return Results.NoContent();
        }
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
            throw RegistryEndpoints.Unsupported(request);
        Describe(context, path, path.Target, store.FindUpload(path.Target));
        return Results.NoContent();
    }

    private async Task<IResult> AppendAsync(HttpContext context, RegistryPath path)
    {
        var length = await TakeAsync(context, path);
        return Accepted(context, path, path.Target, length);
    }

    private async Task<IResult> FinishAsync(HttpContext context, RegistryPath path)
    {
        var digest = context.Request.Query["digest"].ToString();
        CheckDigest(digest);
        await TakeAsync(context, path);
        await store.FinishUploadAsync(path.Target, digest);
        return Created(context, path, digest);
    }

    /// <summary>On a gap the client is told where the upload stands, so that it can go on there.</summary>
    private async Task<long> TakeAsync(HttpContext context, RegistryPath path)
    {
        try
        {
            return await store.AppendAsync(
                path.Target, OffsetOf(context.Request), context.Request.Body, context.RequestAborted);
        }
        catch (RegistryException refusal) when (refusal.Error == RegistryError.BlobUploadInvalid)
        {
            Describe(context, path, path.Target, store.FindUpload(path.Target));
            throw;
        }
    }

    /// <summary><c>Content-Range: FIRST-LAST</c>, with or without "bytes" before it.</summary>
    private static long? OffsetOf(HttpRequest request)
    {
        var range = request.Headers.ContentRange.ToString();
        if (range.Length == 0)
            return null;
        var first = range.Replace("bytes", "", StringComparison.OrdinalIgnoreCase).Trim(' ', '=').Split('-')[0];
        return long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            ? offset
            : throw new RegistryException(RegistryError.BlobUploadInvalid, $"'{range}' is no range: 'FIRST-LAST' is expected");
    }

    private static void CheckDigest(string digest)
    {
        if (!RegistryPath.IsDigest(digest))
            throw new RegistryException(RegistryError.DigestInvalid, "the query must have 'digest=sha256:' and 64 hexadecimal digits");
    }

    private static IResult Accepted(HttpContext context, RegistryPath path, string id, long length)
    {
        Describe(context, path, id, length);
        return Results.StatusCode(StatusCodes.Status202Accepted);
    }

    private static void Describe(HttpContext context, RegistryPath path, string id, long length)
    {
        var headers = context.Response.Headers;
        headers.Location = $"/v2/{path.Repository}/blobs/uploads/{id}";
        headers.Range = string.Create(CultureInfo.InvariantCulture, $"0-{Math.Max(0, length - 1)}");
        headers["Docker-Upload-UUID"] = id;
    }

    private static IResult Created(HttpContext context, RegistryPath path, string digest)
    {
        context.Response.Headers["Docker-Content-Digest"] = digest;
        return Results.Created($"/v2/{path.Repository}/blobs/{digest}", null);
    }
}
