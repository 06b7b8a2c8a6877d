using System.Text.Json;

namespace Hypeman.Gateway.Streams;

/// <summary>
/// The official client takes a data frame that is a whole JSON object or list for a control message and loses it.
/// Such a frame is sent in two: the first part is no JSON without its last bracket, the second begins with it.
/// </summary>
internal static class JsonFrameCure
{
    /// <summary>Where to cut the frame, or 0 when it can be sent as it is.</summary>
    public static int CutOf(ReadOnlySpan<byte> frame)
    {
        if (frame.IsEmpty || frame[0] is not ((byte)'{' or (byte)'[') || !IsJson(frame))
            return 0;
        return frame.LastIndexOfAnyExcept(" \t\r\n"u8);
    }

    /// <summary>As JavaScript's JSON.parse sees it: any depth, and text that is not UTF-8 is no obstacle.</summary>
    private static bool IsJson(ReadOnlySpan<byte> frame)
    {
        var reader = new Utf8JsonReader(frame, new JsonReaderOptions { MaxDepth = int.MaxValue, AllowMultipleValues = false });
        try
        {
            while (reader.Read())
                continue;
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
