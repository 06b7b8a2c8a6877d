namespace Hypeman.GuestAgent.Linux;

/// <summary>The permissions that files get when the caller names none.</summary>
internal static class FileModes
{
    public const uint Private = 0b110_000_000; // 0600
    public const uint Readable = 0b110_100_100; // 0644
    public const uint Executable = 0b111_101_101; // 0755
}
