using Hypeman.Contracts.Instances;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Streams;

/// <summary>The first message of a copy.</summary>
internal static class CopyRequest
{
    public static GuestRequest Read(FieldReader fields)
    {
        var direction = fields.String("direction") ?? "";
        var path = fields.RequiredString("guest_path");
        switch (direction)
        {
            case "to":
                return new GuestCopyTo
                {
                    Path = path,
                    IsDirectory = fields.Bool("is_dir", false),
                    Mode = (uint)(fields.Int("mode", min: 0) ?? 0),
                    Uid = (uint)(fields.Int("uid", min: 0) ?? 0),
                    Gid = (uint)(fields.Int("gid", min: 0) ?? 0),
                    SourceBasename = fields.String("src_basename") is { Length: > 0 } name ? name : null,
                };
            case "from":
                return new GuestCopyFrom { Path = path, FollowLinks = fields.Bool("follow_links", false) };
            default:
                fields.Problems.AddSchema("", $"invalid direction: {direction} (must be 'to' or 'from')");
                return new GuestCopyFrom { Path = path };
        }
    }
}
