namespace Hypeman.Gateway.Auth;

/// <summary>Checks tokens: signature, time and shape. What a caller may do is the asker's question.</summary>
public interface ITokenValidator
{
    /// <summary>The caller that the token stands for, or null when the token is not valid (any more).</summary>
    ValueTask<Caller?> ValidateAsync(string token);
}
