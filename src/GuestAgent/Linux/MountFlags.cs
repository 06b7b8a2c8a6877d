namespace Hypeman.GuestAgent.Linux;

/// <summary>Flags of <c>mount</c>.</summary>
internal static class MountFlags
{
    public const uint ReadOnly = 1;
    public const uint NoSetUid = 2;
    public const uint NoDevices = 4;
    public const uint NoExecute = 8;
    public const uint Remount = 32;
    public const uint Move = 8192;
}
