namespace Hypeman.Gateway.Registry;

/// <summary>Knows which process keeps a repository, where there are several.</summary>
public interface IRegistryRouter
{
    /// <summary>Has the request answered by that process. False when it is this one, and nothing was done.</summary>
    /// <param name="context">Of a caller who may do what it asks for.</param>
    /// <param name="repository">Without a host.</param>
    /// <exception cref="Contracts.Errors.HypemanException"><c>unavailable</c>: it cannot be reached, nor another in its place.</exception>
    Task<bool> ForwardAsync(HttpContext context, string repository);
}
