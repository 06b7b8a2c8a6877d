using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Instances;

/// <summary>
/// The body of POST /instances/{id}/standby; it may be left out. What is saved is not compressed yet, so that only a wish for
/// no compression is taken.
/// </summary>
internal static class StandbyInstanceRequest
{
    public static bool Read(FieldReader fields)
    {
        LaterFields.RefuseCompression(fields);
        return true;
    }
}
