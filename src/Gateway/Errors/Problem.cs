namespace Hypeman.Gateway.Errors;

/// <summary>One thing that is wrong with a request: the contract's code and a message that begins with the field.</summary>
internal sealed record Problem(string Code, string Message);

/// <summary>Collects what is wrong with a request, so that its sender learns all of it at once.</summary>
internal sealed class Problems
{
    /// <summary>The code of a request that does not fit the schema.</summary>
    public const string BadRequest = "Bad Request";

    private readonly List<Problem> _found = [];

    public int Count => _found.Count;

    public void Add(string code, string field, string what) =>
        _found.Add(new Problem(code, field.Length == 0 ? what : $"{field}: {what}"));

    public void AddSchema(string field, string what) => Add(BadRequest, field, what);

    /// <exception cref="RequestRefusedException">Something was found.</exception>
    public void ThrowIfAny()
    {
        if (Count > 0)
            throw new RequestRefusedException(_found);
    }
}

/// <summary>A request that can never work as it is. The first problem gives the answer its code.</summary>
internal sealed class RequestRefusedException(IReadOnlyList<Problem> problems) : Exception(problems[0].Message)
{
    public RequestRefusedException(string code, string message)
        : this([new Problem(code, message)])
    {
    }

    public IReadOnlyList<Problem> Problems { get; } = problems;
}
