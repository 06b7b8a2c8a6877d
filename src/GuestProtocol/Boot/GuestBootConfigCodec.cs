using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hypeman.GuestProtocol.Framing;

namespace Hypeman.GuestProtocol.Boot;

/// <summary>
/// The configuration as the content of a raw disk: <c>HYPBOOT1</c>, length and CRC-32C of the JSON (4 bytes each,
/// little endian), the JSON, zeros up to a multiple of 4 KiB.
/// </summary>
public static class GuestBootConfigCodec
{
    private const int Align = 4096;
    private const int HeaderSize = 16;

    private static ReadOnlySpan<byte> Magic => "HYPBOOT1"u8;

    /// <exception cref="ArgumentException">The configuration is larger than a kernel could hand to a program.</exception>
    public static byte[] Encode(GuestBootConfig config)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(config, BootJsonContext.Default.GuestBootConfig);
        if (json.Length > ProtocolLimits.MaxBootConfig)
            throw new ArgumentException(
                $"The arguments and the environment take {json.Length} bytes; {ProtocolLimits.MaxBootConfig} fit.", nameof(config));

        var disk = new byte[(HeaderSize + json.Length + Align - 1) / Align * Align];
        Magic.CopyTo(disk);
        BinaryPrimitives.WriteInt32LittleEndian(disk.AsSpan(8), json.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(disk.AsSpan(12), FrameCodec.Crc32C(json, uint.MaxValue));
        json.CopyTo(disk, HeaderSize);
        return disk;
    }

    /// <exception cref="InvalidDataException">The disk holds no boot configuration.</exception>
    public static GuestBootConfig Decode(Stream disk)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        if (disk.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false) < HeaderSize || !header.StartsWith(Magic))
            throw new InvalidDataException("The config disk does not begin with a boot configuration.");
        var length = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        if (length is < 0 or > ProtocolLimits.MaxBootConfig)
            throw new InvalidDataException($"The boot configuration claims a length of {length} bytes.");

        var json = new byte[length];
        if (disk.ReadAtLeast(json, length, throwOnEndOfStream: false) < length)
            throw new InvalidDataException("The boot configuration is cut short.");
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[12..]) != FrameCodec.Crc32C(json, uint.MaxValue))
            throw new InvalidDataException("The boot configuration is damaged: its check sum is wrong.");
        try
        {
            return Complete(JsonSerializer.Deserialize(json, BootJsonContext.Default.GuestBootConfig)
                ?? throw new InvalidDataException("The boot configuration is empty."));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"The boot configuration is not understood: {e.Message}", e);
        }
    }

    /// <summary>Generated code does not keep the initial value of a property that the writer left out.</summary>
    private static GuestBootConfig Complete(GuestBootConfig config) => config with
    {
        Program = config.Program with { Env = config.Program.Env ?? new Dictionary<string, string>() },
        Network = config.Network is { } network ? network with { Dns = network.Dns ?? [] } : null,
    };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GuestBootConfig))]
internal sealed partial class BootJsonContext : JsonSerializerContext;
