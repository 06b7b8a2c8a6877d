using System.Globalization;
using System.Text;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.NodeRuntime.Guest;

/// <summary>Writes a cpio archive in the "newc" form that Linux unpacks as its initial file system.</summary>
internal sealed class CpioWriter(Stream output)
{
    private const int DirectoryMode = 0x4000 | (int)FileModes.Executable;
    private const int FileMode = 0x8000;
    private const int CharacterDeviceMode = 0x2000 | (int)FileModes.Private;
    private int _inode;

    public void Directory(string path) => Entry(path, DirectoryMode, 0, 0, []);

    public void File(string path, UnixFileMode permissions, ReadOnlySpan<byte> content) =>
        Entry(path, FileMode | (int)permissions, 0, 0, content);

    public void CharacterDevice(string path, int major, int minor) => Entry(path, CharacterDeviceMode, major, minor, []);

    public void End() => Entry("TRAILER!!!", 0, 0, 0, []);

    private void Entry(string path, int mode, int major, int minor, ReadOnlySpan<byte> content)
    {
        var name = Encoding.UTF8.GetBytes(path + '\0');
        int[] fields = [++_inode, mode, 0, 0, 1, 0, content.Length, 0, 0, major, minor, name.Length, 0];
        output.Write("070701"u8);
        foreach (var field in fields)
            output.Write(Encoding.ASCII.GetBytes(field.ToString("x8", CultureInfo.InvariantCulture)));
        output.Write(name);
        Pad(110 + name.Length);
        output.Write(content);
        Pad(content.Length);
    }

    /// <summary>Names and contents end on a multiple of four.</summary>
    private void Pad(int length) => output.Write(new byte[-length & 3]);
}
