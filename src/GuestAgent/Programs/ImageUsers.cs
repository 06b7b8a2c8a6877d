using System.Globalization;

namespace Hypeman.GuestAgent.Programs;

/// <summary>Who a program runs as.</summary>
internal sealed record ImageUser(uint Uid, uint Gid, IReadOnlyList<uint> Groups, string Home);

/// <summary>
/// Resolves users by the image's own files, as container engines do. Not by the C library, which in a static binary
/// would load name services from the image.
/// </summary>
internal static class ImageUsers
{
    /// <param name="user"><c>user</c>, <c>uid</c>, <c>user:group</c> or <c>uid:gid</c>; null or empty is root.</param>
    /// <param name="passwd">Lines of /etc/passwd.</param>
    /// <param name="group">Lines of /etc/group.</param>
    /// <exception cref="InvalidDataException">A name is not in the files.</exception>
    public static ImageUser Resolve(string? user, IEnumerable<string> passwd, IEnumerable<string> group)
    {
        var parts = (user ?? "").Split(':', 2);
        var (name, groupName) = (parts[0], parts.Length > 1 ? parts[1] : "");
        name = name.Length == 0 ? "0" : name;
        var number = Number(name);
        var entry = Fields(passwd, 7).FirstOrDefault(fields => fields[0] == name)
            ?? Fields(passwd, 7).FirstOrDefault(fields => number is not null && Number(fields[2]) == number);
        var uid = entry is null ? number : Number(entry[2]);
        if (uid is null)
            throw new InvalidDataException($"The image has no user \"{name}\" in /etc/passwd.");

        var groups = Fields(group, 4).ToList();
        var gid = groupName.Length == 0 ? (entry is null ? 0u : Number(entry[3]) ?? 0u) : Group(groupName, groups);
        // A group that was asked for stands alone; else the user is in all that list them.
        var more = groupName.Length > 0 || entry is null
            ? []
            : groups.Where(fields => fields[3].Split(',').Contains(entry[0])).Select(fields => Number(fields[2])).OfType<uint>();
        return new ImageUser(uid.Value, gid, [.. more.Prepend(gid).Distinct()], Home(entry, uid.Value));
    }

    private static string Home(string[]? entry, uint uid) =>
        entry?[5] is { Length: > 0 } home ? home : uid == 0 ? "/root" : "/";

    private static uint Group(string name, List<string[]> groups) =>
        (groups.FirstOrDefault(fields => fields[0] == name) is { } entry ? Number(entry[2]) : Number(name))
        ?? throw new InvalidDataException($"The image has no group \"{name}\" in /etc/group.");

    private static IEnumerable<string[]> Fields(IEnumerable<string> lines, int count) =>
        lines.Select(line => line.Split(':')).Where(fields => fields.Length >= count);

    private static uint? Number(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
