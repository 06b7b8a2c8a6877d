namespace Hypeman.NodeRuntime.Images.Layers;

/// <summary>
/// What an extended header overrides. Read from the raw bytes: values of xattrs are binary, so neither text nor lines.
/// </summary>
internal sealed class PaxHeader
{
    private const string XattrPrefix = "SCHILY.xattr.";

    private readonly Dictionary<string, byte[]> _xattrs = [];
    private readonly List<long> _sparseNumbers = [];

    private string? _path;
    private string? _sparseName;

    /// <summary>Beside a sparse file's real name stands one for programs that know no sparse files.</summary>
    public string? Path => _sparseName ?? _path;

    public string? LinkPath { get; private set; }
    public long? Size { get; private set; }
    public long? Uid { get; private set; }
    public long? Gid { get; private set; }
    public (long Seconds, uint Nanoseconds)? Modified { get; private set; }
    public IReadOnlyList<Xattr> Xattrs => [.. _xattrs.Select(xattr => new Xattr(xattr.Key, xattr.Value))];

    /// <summary>The real size of a sparse file; null when it is none.</summary>
    public long? SparseRealSize { get; private set; }

    /// <summary>In format 1.0 the map stands before the content, else it is <see cref="SparseNumbers"/>.</summary>
    public bool SparseMapIsInContent { get; private set; }

    /// <summary>Offsets and lengths by turns.</summary>
    public IReadOnlyList<long> SparseNumbers => _sparseNumbers;

    /// <exception cref="InvalidDataException">A record does not have the form "length key=value\n".</exception>
    public static PaxHeader Parse(ReadOnlySpan<byte> content)
    {
        var header = new PaxHeader();
        while (!content.IsEmpty)
        {
            var space = content.IndexOf((byte)' ');
            if (space is < 1 or > 10)
                throw Malformed();
            var length = TarNumber.ReadDecimal(content[..space], "length of a pax record");
            if (length <= space + 1 || length > content.Length || content[(int)length - 1] != (byte)'\n')
                throw Malformed();
            var record = content[(space + 1)..((int)length - 1)];
            var equals = record.IndexOf((byte)'=');
            if (equals < 1)
                throw Malformed();
            header.Take(ByteText.FromBytes(record[..equals]), record[(equals + 1)..]);
            content = content[(int)length..];
        }
        return header;
    }

    private static InvalidDataException Malformed() => new("a pax header has a malformed record");

    private void Take(string key, ReadOnlySpan<byte> value)
    {
        switch (key)
        {
            case "path":
                _path = ByteText.FromBytes(value);
                break;
            case "GNU.sparse.name":
                _sparseName = ByteText.FromBytes(value);
                break;
            case "linkpath":
                LinkPath = ByteText.FromBytes(value);
                break;
            case "size":
                Size = TarNumber.ReadDecimal(value, key);
                break;
            case "uid":
                Uid = TarNumber.ReadDecimal(value, key);
                break;
            case "gid":
                Gid = TarNumber.ReadDecimal(value, key);
                break;
            case "mtime":
                Modified = TarNumber.ReadTime(value);
                break;
            case "GNU.sparse.size" or "GNU.sparse.realsize":
                SparseRealSize = TarNumber.ReadDecimal(value, key);
                break;
            case "GNU.sparse.major":
                SparseMapIsInContent = TarNumber.ReadDecimal(value, key) == 1;
                break;
            case "GNU.sparse.offset" or "GNU.sparse.numbytes":
                _sparseNumbers.Add(TarNumber.ReadDecimal(value, key));
                break;
            case "GNU.sparse.map":
                foreach (var range in value.Split((byte)','))
                    _sparseNumbers.Add(TarNumber.ReadDecimal(value[range], key));
                break;
            case not null when key.StartsWith(XattrPrefix, StringComparison.Ordinal):
                _xattrs[key[XattrPrefix.Length..]] = value.ToArray();
                break;
        }
    }
}
