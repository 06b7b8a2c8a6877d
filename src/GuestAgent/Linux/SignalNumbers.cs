namespace Hypeman.GuestAgent.Linux;

/// <summary>The signals that init and the agent send or wait for.</summary>
internal static class SignalNumbers
{
    public const int HangUp = 1;
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Kill = 9;
    public const int User2 = 12;
    public const int Terminate = 15;

    /// <summary>The first that programs may use.</summary>
    public const int RealTimeMin = 34;

    public const int Max = 64;
}
