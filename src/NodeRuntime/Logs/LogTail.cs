namespace Hypeman.NodeRuntime.Logs;

/// <summary>Finds where the last lines of a file begin, reading from its end.</summary>
internal static class LogTail
{
    private const int BlockBytes = 64 * 1024;

    /// <summary>The offset of the first of the last <paramref name="lines"/> lines. What follows the last LF is a line too.</summary>
    internal static long FindStart(FileStream file, int lines)
    {
        var end = file.Length;
        if (lines <= 0)
            return end;
        var block = new byte[BlockBytes];
        var missing = lines;
        for (var blockEnd = end; blockEnd > 0;)
        {
            var start = Math.Max(0, blockEnd - BlockBytes);
            var count = RandomAccess.Read(file.SafeFileHandle, block.AsSpan(0, (int)(blockEnd - start)), start);
            for (var i = count - 1; i >= 0; i--)
            {
                // The LF at the very end closes the last line and opens none.
                if (block[i] == '\n' && start + i != end - 1 && --missing == 0)
                    return start + i + 1;
            }
            blockEnd = start;
        }
        return 0;
    }
}
