using System.Text;

namespace Hypeman.NodeRuntime.Logs;

/// <summary>Makes lines out of bytes that come in pieces. Ends of lines are LF, or CR LF as a serial console writes.</summary>
internal sealed class LineAssembler
{
    /// <summary>A longer line comes in pieces, so that a program which never ends a line fills no memory.</summary>
    internal const int MaxLineBytes = 64 * 1024;

    private readonly byte[] _pending = new byte[MaxLineBytes];
    private int _length;

    /// <summary>Adds the lines that these bytes complete.</summary>
    internal void Add(ReadOnlySpan<byte> bytes, List<string> lines)
    {
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOf((byte)'\n');
            var part = end < 0 ? bytes : bytes[..end];
            if (part.Length > MaxLineBytes - _length)
            {
                var fitting = MaxLineBytes - _length;
                part[..fitting].CopyTo(_pending.AsSpan(_length));
                _length = MaxLineBytes;
                lines.Add(TakePiece());
                bytes = bytes[fitting..];
                continue;
            }
            part.CopyTo(_pending.AsSpan(_length));
            _length += part.Length;
            if (end < 0)
                return;
            lines.Add(TakeLine());
            bytes = bytes[(end + 1)..];
        }
    }

    /// <summary>The line that has begun and not ended; null when there is none.</summary>
    internal string? TakeRest() => _length == 0 ? null : TakeLine();

    private string TakeLine()
    {
        var line = _pending.AsSpan(0, _length);
        _length = 0;
        return Encoding.UTF8.GetString(line is [.. var text, (byte)'\r'] ? text : line);
    }

    /// <summary>All that is pending, but for a character whose end has not come yet.</summary>
    private string TakePiece()
    {
        const int longestCharacter = 4;
        var cut = _length;
        while (cut > _length - longestCharacter && IsContinuation(_pending[cut - 1]))
            cut--;
        // Before the cut is now the first byte of the last character, or something that is no UTF-8 anyway.
        cut = IsFirstOfSeveral(_pending[cut - 1]) ? cut - 1 : _length;
        var text = Encoding.UTF8.GetString(_pending.AsSpan(0, cut));
        _pending.AsSpan(cut, _length - cut).CopyTo(_pending);
        _length -= cut;
        return text;
    }

    private static bool IsContinuation(byte value) => (value & 0xc0) == 0x80;
    private static bool IsFirstOfSeveral(byte value) => (value & 0xc0) == 0xc0;
}
