using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hypeman.GuestProtocol.Events;

/// <summary>Events as lines of JSON.</summary>
public static class GuestEventCodec
{
    private const byte NewLine = (byte)'\n';

    /// <summary>The line with a new line before it too, so that half a line of a crashed writer spoils only itself.</summary>
    public static byte[] Encode(GuestEvent value)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(Bounded(value), EventJsonContext.Default.GuestEvent);
        return [NewLine, .. json, NewLine];
    }

    /// <summary>Every event in the bytes; what is none, is too long or has no end yet is left out.</summary>
    public static IReadOnlyList<GuestEvent> Decode(ReadOnlySpan<byte> bytes)
    {
        var events = new List<GuestEvent>();
        for (int end; (end = bytes.IndexOf(NewLine)) >= 0; bytes = bytes[(end + 1)..])
        {
            if (TryParse(bytes[..end]) is { } value)
                events.Add(value);
        }
        return events;
    }

    private static GuestEvent? TryParse(ReadOnlySpan<byte> line)
    {
        if (line.Length is 0 or > ProtocolLimits.MaxEventLine)
            return null;
        try
        {
            var value = JsonSerializer.Deserialize(line, EventJsonContext.Default.GuestEvent);
            return value is null ? null : Bounded(value);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null;
        }
    }

    private static GuestEvent Bounded(GuestEvent value) => value switch
    {
        ProgramStarted started => started with { Mode = started.Mode == "systemd" ? "systemd" : "exec" },
        ProgramExited exited => exited with { Code = exited.Code & 0xff, Message = Cut(exited.Message) },
        BootFailed failed => failed with { Message = Cut(failed.Message) },
        _ => value,
    };

    /// <summary>One line without control characters: the text ends up in logs and in the API.</summary>
    private static string Cut(string? text) => string.Create(
        Math.Min(text?.Length ?? 0, ProtocolLimits.MaxEventMessage), text ?? "", static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = char.IsControl(source[i]) ? ' ' : source[i];
        });
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(GuestEvent))]
internal sealed partial class EventJsonContext : JsonSerializerContext;
