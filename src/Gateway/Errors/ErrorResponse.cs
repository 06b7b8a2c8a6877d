namespace Hypeman.Gateway.Errors;

internal sealed record ErrorResponse
{
    public required string Code { get; init; }
    public required string Message { get; init; }

    /// <summary>All problems, when there are several.</summary>
    public IReadOnlyList<ErrorDetailResponse>? Details { get; init; }
}

internal sealed record ErrorDetailResponse(string Code, string Message);

/// <summary>What a failure looks like on the wire.</summary>
internal sealed record ErrorAnswer(int Status, ErrorResponse Body)
{
    /// <summary>Tells clients whether repeating the request can help; null leaves it to them.</summary>
    public bool? ShouldRetry { get; init; }

    /// <summary>Seconds after which to try again; null says nothing.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>The fault is ours and its cause belongs into the log.</summary>
    public bool IsFault { get; init; }
}
