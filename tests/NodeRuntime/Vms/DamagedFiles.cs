using Hypeman.NodeRuntime.Memory;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>What becomes of files that lie on a disk for long.</summary>
internal static class DamagedFiles
{
    /// <param name="file">Is there.</param>
    /// <param name="how">gone, cut (to some whole pages), or flipped (one bit in the middle).</param>
    internal static void Damage(string file, string how)
    {
        if (how == "gone")
        {
            File.Delete(file);
            return;
        }
        using var stream = new FileStream(file, FileMode.Open);
        if (how == "cut")
            stream.SetLength(stream.Length / 2 / PageSet.PageBytes * PageSet.PageBytes);
        else
            FlipMiddle(stream);
    }

    private static void FlipMiddle(FileStream stream)
    {
        stream.Position = stream.Length / 2;
        var one = stream.ReadByte();
        stream.Position--;
        stream.WriteByte((byte)(one ^ 1));
    }
}
