namespace Hypeman.GuestProtocol.Framing;

/// <summary>What a machine needs that stood still: the time, and random numbers that no other machine has.</summary>
/// <param name="WallClock">Nanoseconds since 1970.</param>
/// <param name="EntropySeed"><see cref="SeedBytes"/> bytes, secret and never used twice.</param>
public sealed record WakeMoment(long WallClock, byte[] EntropySeed)
{
    public const int SeedBytes = 64;
}
