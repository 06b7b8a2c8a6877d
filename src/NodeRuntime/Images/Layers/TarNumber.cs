using System.Globalization;
using System.Text;

namespace Hypeman.NodeRuntime.Images.Layers;

/// <summary>The ways in which a tar writes numbers.</summary>
internal static class TarNumber
{
    /// <summary>Octal digits, or GNU's big-endian binary when the first bit is set.</summary>
    public static long Read(ReadOnlySpan<byte> field, string what)
    {
        if ((field[0] & 0x80) != 0)
            return ReadBinary(field, what);
        long value = 0;
        foreach (var digit in field.Trim(" \0"u8))
        {
            if (digit is < (byte)'0' or > (byte)'7')
                throw new InvalidDataException($"the {what} in a tar header is no number");
            value = (value << 3) | (uint)(digit - '0'); // At most 12 digits: 36 bits.
        }
        return value;
    }

    public static long ReadDecimal(ReadOnlySpan<byte> text, string what) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new InvalidDataException($"the {what} in a tar header is no number");

    /// <summary>Seconds with a decimal fraction; a negative time with a fraction counts up from the second below it.</summary>
    public static (long Seconds, uint Nanoseconds) ReadTime(ReadOnlySpan<byte> text)
    {
        const int digits = 9;
        const uint nanosecondsPerSecond = 1_000_000_000;
        var point = text.IndexOf((byte)'.');
        if (point < 0)
            return (ReadDecimal(text, "mtime"), 0);

        var seconds = ReadDecimal(text[..point], "mtime");
        var fraction = Encoding.Latin1.GetString(text[(point + 1)..]);
        fraction = fraction[..Math.Min(fraction.Length, digits)].PadRight(digits, '0');
        if (!uint.TryParse(fraction, NumberStyles.None, CultureInfo.InvariantCulture, out var nanoseconds))
            throw new InvalidDataException("the mtime in a tar header is no number");
        return nanoseconds > 0 && text[0] == (byte)'-'
            ? (seconds - 1, nanosecondsPerSecond - nanoseconds)
            : (seconds, nanoseconds);
    }

    private static long ReadBinary(ReadOnlySpan<byte> field, string what)
    {
        var isNegative = (field[0] & 0x40) != 0;
        ulong value = 0;
        for (var i = 0; i < field.Length; i++)
        {
            var octet = (byte)(isNegative ? ~field[i] : field[i]);
            if (i == 0)
                octet &= 0x7f;
            if (value >> 55 != 0)
                throw new InvalidDataException($"the {what} in a tar header is too large");
            value = (value << 8) | octet;
        }
        return isNegative ? ~(long)value : (long)value;
    }
}
