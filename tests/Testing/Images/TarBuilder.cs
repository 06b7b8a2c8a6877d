using System.Globalization;
using System.Text;

namespace Hypeman.Tests.Testing.Images;

/// <summary>What a tar entry says beside its name.</summary>
public sealed record TarAttributes
{
    public int Mode { get; init; } = 0b110_100_100;
    public long Uid { get; init; }
    public long Gid { get; init; }

    /// <summary>Seconds since 1970, as pax writes them: a fraction is allowed.</summary>
    public string Modified { get; init; } = "1700000000";

    public IReadOnlyDictionary<string, byte[]> Xattrs { get; init; } = new Dictionary<string, byte[]>();
}

/// <summary>
/// Writes tar archives, right ones and wrong ones: nothing is checked, so that tests can say anything. Values that do
/// not fit the header go into a pax header.
/// </summary>
public sealed class TarBuilder
{
    private const int BlockSize = 512;

    private readonly List<byte> _archive = [];

    public TarBuilder File(string path, byte[] content, TarAttributes? attributes = null) =>
        Entry(path, '0', attributes, content: content);

    public TarBuilder File(string path, string content, TarAttributes? attributes = null) =>
        File(path, Encoding.UTF8.GetBytes(content), attributes);

    public TarBuilder Directory(string path, TarAttributes? attributes = null) =>
        Entry(path, '5', attributes ?? new TarAttributes { Mode = 0b111_101_101 });

    public TarBuilder Symlink(string path, string target, TarAttributes? attributes = null) =>
        Entry(path, '2', attributes ?? new TarAttributes { Mode = 0b111_111_111 }, target);

    public TarBuilder HardLink(string path, string target) => Entry(path, '1', null, target);

    public TarBuilder Device(string path, char type, int major, int minor, TarAttributes? attributes = null) =>
        Entry(path, type, attributes, major: major, minor: minor);

    public TarBuilder Fifo(string path, TarAttributes? attributes = null) => Entry(path, '6', attributes);

    /// <summary>Hides what lower layers have under this name.</summary>
    public TarBuilder Whiteout(string path)
    {
        var slash = path.LastIndexOf('/') + 1;
        return File($"{path[..slash]}.wh.{path[slash..]}", "");
    }

    /// <summary>Hides all that lower layers have in this directory.</summary>
    public TarBuilder Opaque(string directory) => File($"{directory}/.wh..wh..opq", "");

    /// <summary>Any entry at all.</summary>
    /// <param name="path">Its name, written as it is.</param>
    /// <param name="type">The type character of the header.</param>
    /// <param name="attributes">Null for ordinary ones.</param>
    /// <param name="target">Of a link.</param>
    /// <param name="content">What follows the header, padded.</param>
    /// <param name="size">What the header says about the content; null for the truth.</param>
    /// <param name="major">Of a device.</param>
    /// <param name="minor">Of a device.</param>
    public TarBuilder Entry(
        string path, char type, TarAttributes? attributes = null, string target = "",
        byte[]? content = null, long? size = null, long major = 0, long minor = 0)
    {
        attributes ??= new TarAttributes();
        content ??= [];
        var length = size ?? content.Length;
        var pax = PaxOf(path, target, length, attributes);
        if (pax.Count > 0)
            Pax([.. pax]);

        var header = new byte[BlockSize];
        Put(header, 0, 100, path);
        PutOctal(header, 100, 8, attributes.Mode);
        PutOctal(header, 108, 8, attributes.Uid);
        PutOctal(header, 116, 8, attributes.Gid);
        PutOctal(header, 124, 12, length);
        PutOctal(header, 136, 12, Math.Max(0, long.Parse(attributes.Modified.Split('.')[0], CultureInfo.InvariantCulture)));
        header[156] = (byte)type;
        Put(header, 157, 100, target);
        Put(header, 257, 8, "ustar\u000000");
        PutOctal(header, 329, 8, major);
        PutOctal(header, 337, 8, minor);
        return Raw(WithChecksum(header)).Raw(content).Pad();
    }

    /// <summary>An extended header for the entry that comes next.</summary>
    public TarBuilder Pax(params (string Key, byte[] Value)[] records)
    {
        using var content = new MemoryStream();
        foreach (var (key, value) in records)
        {
            var rest = Encoding.UTF8.GetByteCount(key) + value.Length + 3;
            var length = rest + 1;
            while (length != rest + length.ToString(CultureInfo.InvariantCulture).Length)
                length++;
            content.Write(Encoding.UTF8.GetBytes($"{length} {key}="));
            content.Write(value);
            content.WriteByte((byte)'\n');
        }
        return Extended('x', content.ToArray());
    }

    /// <summary>A header of type x, g, L or K with any content.</summary>
    public TarBuilder Extended(char type, byte[] content)
    {
        var header = new byte[BlockSize];
        Put(header, 0, 100, "extended");
        PutOctal(header, 100, 8, 0);
        PutOctal(header, 108, 8, 0);
        PutOctal(header, 116, 8, 0);
        PutOctal(header, 124, 12, content.Length);
        PutOctal(header, 136, 12, 0);
        header[156] = (byte)type;
        Put(header, 257, 8, "ustar\u000000");
        return Raw(WithChecksum(header)).Raw(content).Pad();
    }

    /// <summary>Bytes as they are.</summary>
    public TarBuilder Raw(byte[] bytes)
    {
        _archive.AddRange(bytes);
        return this;
    }

    /// <summary>The archive with the two blocks of zeros that end it.</summary>
    public byte[] Build() => [.. _archive, .. new byte[2 * BlockSize]];

    /// <summary>The archive as if it had been cut off here.</summary>
    public byte[] BuildWithoutEnd() => [.. _archive];

    /// <summary>Puts the right checksum into a header block.</summary>
    public static byte[] WithChecksum(byte[] header)
    {
        header.AsSpan(148, 8).Fill((byte)' ');
        var sum = header.Sum(octet => octet);
        PutOctal(header, 148, 7, sum);
        return header;
    }

    private static List<(string, byte[])> PaxOf(string path, string target, long size, TarAttributes attributes)
    {
        const int maxName = 100, maxId = 0x1fffff;
        const long maxSize = 0x1ffffffff;
        var records = new List<(string, byte[])>();
        Add("path", path, Encoding.UTF8.GetByteCount(path) > maxName);
        Add("linkpath", target, Encoding.UTF8.GetByteCount(target) > maxName);
        Add("size", size, size > maxSize);
        Add("uid", attributes.Uid, attributes.Uid > maxId);
        Add("gid", attributes.Gid, attributes.Gid > maxId);
        Add("mtime", attributes.Modified, attributes.Modified.AsSpan().ContainsAny('.', '-'));
        records.AddRange(attributes.Xattrs.Select(xattr => ($"SCHILY.xattr.{xattr.Key}", xattr.Value)));
        return records;

        void Add(string key, object value, bool isNeeded)
        {
            if (isNeeded)
                records.Add((key, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{value}"))));
        }
    }

    private TarBuilder Pad() => Raw(new byte[-_archive.Count & (BlockSize - 1)]);

    private static void Put(byte[] header, int offset, int length, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        bytes.AsSpan(0, Math.Min(bytes.Length, length)).CopyTo(header.AsSpan(offset));
    }

    private static void PutOctal(byte[] header, int offset, int length, long value)
    {
        var digits = Convert.ToString(value, 8);
        if (digits.Length < length)
            Put(header, offset, length, digits.PadLeft(length - 1, '0'));
    }
}
