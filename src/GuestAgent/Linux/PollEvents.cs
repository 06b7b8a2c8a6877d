namespace Hypeman.GuestAgent.Linux;

/// <summary>What <c>poll</c> waits for and finds.</summary>
internal static class PollEvents
{
    public const short In = 1;
    public const short Out = 4;
    public const short Error = 8;
    public const short HangUp = 16;
}
