namespace Hypeman.GuestAgent.Linux;

/// <summary>Flags of <c>open</c>, as x86-64 numbers them.</summary>
internal static class OpenFlags
{
    public const int ReadOnly = 0;
    public const int WriteOnly = 1;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int NoControllingTerminal = 0x100;
    public const int NonBlocking = 0x800;
    public const int Directory = 0x10000;
    public const int NoFollow = 0x20000;
    public const int CloseOnExec = 0x80000;

    /// <summary>O_PATH: names a file without opening it.</summary>
    public const int Path = 0x200000;
}
