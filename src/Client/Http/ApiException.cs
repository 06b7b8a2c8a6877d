using System.Net;

namespace Hypeman.Client.Http;

/// <summary>The server refused a request. The message is the server's, meant for people.</summary>
public sealed class ApiException(HttpStatusCode status, string code, string message) : Exception(message)
{
    public HttpStatusCode Status { get; } = status;

    /// <summary>The API's code, for example <c>not_found</c> or <c>invalid_state</c>; the status text when none came.</summary>
    public string Code { get; } = code;
}

/// <summary>No answer came: nothing listens there, the name is unknown, or the connection broke.</summary>
public sealed class UnreachableException(Uri server, Exception inner)
    : Exception($"No answer from {server.GetLeftPart(UriPartial.Authority)}: {inner.GetBaseException().Message}", inner)
{
    public Uri Server { get; } = server;
}
