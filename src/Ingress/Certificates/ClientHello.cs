using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Hypeman.Ingress.Certificates;

/// <summary>The first thing a TLS client says, as far as it tells what it wants (RFC 8446, section 4.1.2).</summary>
/// <param name="ServerName">In lower case; null when it names none.</param>
/// <param name="Protocols">What it speaks above TLS.</param>
internal sealed record ClientHello(string? ServerName, IReadOnlyList<string> Protocols)
{
    /// <summary>Of the content type of a TLS record that holds a handshake message; no HTTP method begins so.</summary>
    public const byte FirstByte = 22;

    /// <summary>With all that browsers put into it, a hello stays far below.</summary>
    public const int MostBytes = 16 * 1024;

    private const byte ClientHelloType = 1, HostNameType = 0;
    private const ushort ServerNameExtension = 0, ProtocolsExtension = 16;
    private const int RecordHead = 5, MessageHead = 4;

    /// <summary>Reads it from what has arrived so far, which may be several records.</summary>
    /// <param name="received">All from the connection's first byte.</param>
    /// <param name="hello">Set when it is there as a whole.</param>
    /// <returns>False when more has to arrive.</returns>
    /// <exception cref="FormatException">This is no hello.</exception>
    public static bool TryRead(ReadOnlySequence<byte> received, out ClientHello? hello)
    {
        hello = null;
        var message = new ArrayBufferWriter<byte>();
        var records = received;
        while (true)
        {
            if (message.WrittenCount >= MessageHead && LengthOf(message.WrittenSpan) is var length && message.WrittenCount >= length)
            {
                hello = Parse(message.WrittenSpan[MessageHead..length]);
                return true;
            }
            if (message.WrittenCount > MostBytes)
                throw new FormatException("The hello is too long.");
            if (!TryTakeRecord(ref records, message))
                return false;
        }
    }

    private static bool TryTakeRecord(ref ReadOnlySequence<byte> records, ArrayBufferWriter<byte> message)
    {
        if (records.Length < RecordHead)
            return false;
        Span<byte> head = stackalloc byte[RecordHead];
        records.Slice(0, RecordHead).CopyTo(head);
        var length = BinaryPrimitives.ReadUInt16BigEndian(head[3..]);
        if (head[0] != FirstByte || head[1] != 3 || length is 0 or > MostBytes)
            throw new FormatException("This is no TLS handshake.");
        if (records.Length < RecordHead + length)
            return false;
        foreach (var part in records.Slice(RecordHead, length))
            message.Write(part.Span);
        records = records.Slice(RecordHead + length);
        return true;
    }

    private static int LengthOf(ReadOnlySpan<byte> message) => message[0] != ClientHelloType
        ? throw new FormatException("The first message is no hello.")
        : MessageHead + (message[1] << 16 | message[2] << 8 | message[3]);

    private static ClientHello Parse(ReadOnlySpan<byte> body)
    {
        var reader = new Reader(body);
        reader.Take(2 + 32);            // version, random
        reader.Take(reader.Byte());     // session
        reader.Take(reader.Short());    // cipher suites
        reader.Take(reader.Byte());     // compression
        string? name = null;
        IReadOnlyList<string> protocols = [];
        if (reader.IsEmpty)
            return new ClientHello(name, protocols);
        var extensions = new Reader(reader.Take(reader.Short()));
        while (!extensions.IsEmpty)
        {
            var type = extensions.Short();
            var data = new Reader(extensions.Take(extensions.Short()));
            if (type == ServerNameExtension)
                name = NameIn(data);
            else if (type == ProtocolsExtension)
                protocols = ProtocolsIn(data);
        }
        return new ClientHello(name, protocols);
    }

    private static string? NameIn(Reader data)
    {
        var names = new Reader(data.Take(data.Short()));
        while (!names.IsEmpty)
        {
            var type = names.Byte();
            var name = names.Take(names.Short());
            if (type == HostNameType)
                return Encoding.ASCII.GetString(name).ToLowerInvariant();
        }
        return null;
    }

    private static List<string> ProtocolsIn(Reader data)
    {
        var protocols = new List<string>();
        var names = new Reader(data.Take(data.Short()));
        while (!names.IsEmpty)
            protocols.Add(Encoding.ASCII.GetString(names.Take(names.Byte())));
        return protocols;
    }

    private ref struct Reader(ReadOnlySpan<byte> rest)
    {
        private ReadOnlySpan<byte> _rest = rest;

        public readonly bool IsEmpty => _rest.IsEmpty;

        public byte Byte() => Take(1)[0];

        public ushort Short() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

        public ReadOnlySpan<byte> Take(int count)
        {
            if (count > _rest.Length)
                throw new FormatException("The hello is cut off.");
            var taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }
    }
}
