using Microsoft.Extensions.Logging;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>Logs to the output of the test that runs.</summary>
internal sealed class TestOutputLogger : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        try
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{logLevel}: {formatter(state, exception)} {exception}");
        }
        catch (InvalidOperationException)
        {
            // The test is over; what still ends behind it is of no interest.
        }
    }

    public void Dispose()
    {
    }
}
