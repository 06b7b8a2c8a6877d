using Hypeman.Contracts.Instances;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Instances;

/// <summary>The body of POST /instances/{id}/start; it may be left out.</summary>
internal static class StartInstanceRequest
{
    public static InstanceStartSpec Read(FieldReader fields) => new()
    {
        Entrypoint = CreateInstanceRequest.Arguments(fields, "entrypoint"),
        Cmd = CreateInstanceRequest.Arguments(fields, "cmd"),
    };
}
