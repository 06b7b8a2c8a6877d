using System.Text;

namespace Hypeman.NodeRuntime.Images;

/// <summary>
/// File names are bytes, not text. Here they are strings of one character per byte (Latin-1): nothing is lost that
/// is not UTF-8, ordinal order is the order of the bytes, and they are keys of dictionaries.
/// </summary>
internal static class ByteText
{
    public static string FromBytes(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    public static string FromZeroTerminated(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        return FromBytes(end < 0 ? bytes : bytes[..end]);
    }

    public static byte[] ToBytes(string text) => Encoding.Latin1.GetBytes(text);

    /// <summary>For messages: as UTF-8, without control characters, not longer than a line.</summary>
    public static string Show(string text)
    {
        const int maxLength = 200;
        var shown = new StringBuilder(Encoding.UTF8.GetString(ToBytes(text[..Math.Min(text.Length, maxLength)])));
        for (var i = 0; i < shown.Length; i++)
            if (char.IsControl(shown[i]))
                shown[i] = '?';
        return $"'{shown}{(text.Length > maxLength ? "..." : "")}'";
    }
}
