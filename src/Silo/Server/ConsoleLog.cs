namespace Hypeman.Silo.Server;

/// <summary>The log of a process, on its standard output.</summary>
internal static class ConsoleLog
{
    public static void AddConsoleLog(this IHostApplicationBuilder builder, LogLevel level)
    {
        var libraries = level > LogLevel.Warning ? level : LogLevel.Warning;
        builder.Logging.SetMinimumLevel(level)
            .AddFilter("Microsoft", libraries)
            .AddFilter("Orleans", libraries)
            .AddFilter("Polly", libraries)
            // At every start these complain of the uptime of the machine and of the kind of garbage collector we chose.
            .AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error)
            .AddFilter("Orleans.Runtime.Silo", LogLevel.Error)
            // What keeps the host from starting is told by the command, once.
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None)
            .AddSimpleConsole(o => (o.SingleLine, o.UseUtcTimestamp, o.TimestampFormat) = (true, true, "yyyy-MM-ddTHH:mm:ss.fffZ "));
        builder.Services.Configure<ConsoleLifetimeOptions>(o => o.SuppressStatusMessages = true);
    }
}
