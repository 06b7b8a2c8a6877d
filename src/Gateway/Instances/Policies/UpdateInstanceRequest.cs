using Hypeman.Contracts.Instances.Policies;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Instances.Policies;

/// <summary>The body of PATCH /instances/{id}.</summary>
internal static class UpdateInstanceRequest
{
    public static InstanceUpdate Read(FieldReader fields)
    {
        if (fields.IsEmpty)
            fields.Problems.Add("invalid_request", "", "the request body must have at least one field that is to be changed, for example ttl");
        var update = new InstanceUpdate
        {
            Lifetime = LifetimeFields.Read(fields),
            AutoStandby = AutoStandbyFields.Read(fields),
            HealthCheck = HealthCheckFields.Read(fields),
            RestartPolicy = RestartPolicyFields.Read(fields),
        };
        LaterFields.RefuseUpdates(fields);
        return update;
    }
}
