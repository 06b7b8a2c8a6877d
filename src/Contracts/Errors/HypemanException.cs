namespace Hypeman.Contracts.Errors;

/// <summary>
/// An expected failure, as it crosses silo boundaries. The message is written for the user and never holds
/// internals; <see cref="Detail"/> is for logs only. Statuses are chosen by the gateway, in one place.
/// </summary>
[GenerateSerializer, Alias("hypeman.error")]
public sealed class HypemanException : Exception
{
    public HypemanException(ErrorKind kind, string code, string message, string? detail = null)
        : base(message)
    {
        Kind = kind;
        Code = code;
        Detail = detail;
    }

    [Id(0)]
    public ErrorKind Kind { get; private set; }

    /// <summary>The contract's code, for example <c>invalid_state</c> or <c>name_conflict</c>.</summary>
    [Id(1)]
    public string Code { get; private set; }

    /// <summary>What an operator needs to know, never sent to a user; null when the message says all.</summary>
    [Id(2)]
    public string? Detail { get; private set; }

    public static HypemanException Invalid(string code, string message) => new(ErrorKind.InvalidRequest, code, message);

    public static HypemanException NotFound(string message = "resource not found") =>
        new(ErrorKind.NotFound, "not_found", message);

    public static HypemanException InvalidState(string message) => new(ErrorKind.Conflict, "invalid_state", message);
}
