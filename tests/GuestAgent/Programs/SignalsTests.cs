using Hypeman.GuestAgent.Programs;

namespace Hypeman.Tests.GuestAgent.Programs;

public sealed class SignalsTests
{
    [Theory]
    [InlineData("SIGTERM", 15)]
    [InlineData("sigint", 2)]
    [InlineData("QUIT", 3)]
    [InlineData("9", 9)]
    [InlineData("SIGRTMIN+3", 37)]
    [InlineData("SIGSYS", 31)]
    [InlineData(null, 15)]
    [InlineData("", 15)]
    [InlineData("SIGNONSENSE", 15)]
    [InlineData("0", 15)]
    [InlineData("65", 15)]
    [InlineData("RTMIN+99", 15)]
    public void Stop_signals_come_as_names_or_numbers(string? name, int signal) => Assert.Equal(signal, Signals.Parse(name));
}
