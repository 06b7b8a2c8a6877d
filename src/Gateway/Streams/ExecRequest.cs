using Hypeman.Contracts.Instances;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Streams;

/// <summary>The first message of an exec.</summary>
internal static class ExecRequest
{
    private static readonly string[] Shell = ["/bin/sh"];

    public static GuestExec Read(FieldReader fields)
    {
        // A running instance has a ready agent, so there is nothing left to wait for.
        fields.Int("wait_for_agent", min: 0);
        return new GuestExec
        {
            Command = fields.Strings("command") is { Count: > 0 } command ? command : Shell,
            Tty = fields.Bool("tty", false),
            Env = fields.StringMap("env") ?? new Dictionary<string, string>(),
            Cwd = fields.String("cwd"),
            TimeoutSeconds = fields.Int("timeout", min: 0) ?? 0,
            Rows = fields.Int("rows", 0, ushort.MaxValue) ?? 0,
            Columns = fields.Int("cols", 0, ushort.MaxValue) ?? 0,
        };
    }
}
