using Hypeman.Contracts.Instances;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Streams;

/// <summary>The first message of an exec.</summary>
/// <param name="HasInputEnd">
/// An empty binary message ends the input. The protocol has no word for that, so clients that want it say so
/// (<c>stdin_eof</c>); others may send empty messages that mean nothing.
/// </param>
internal sealed record ExecRequest(GuestExec Exec, bool HasInputEnd)
{
    private static readonly string[] Shell = ["/bin/sh"];

    public static ExecRequest Read(FieldReader fields)
    {
        // A running instance has a ready agent, so there is nothing left to wait for.
        fields.Int("wait_for_agent", min: 0);
        var exec = new GuestExec
        {
            Command = fields.Strings("command") is { Count: > 0 } command ? command : Shell,
            Tty = fields.Bool("tty", false),
            Env = fields.StringMap("env") ?? new Dictionary<string, string>(),
            Cwd = fields.String("cwd"),
            TimeoutSeconds = fields.Int("timeout", min: 0) ?? 0,
            Rows = fields.Int("rows", 0, ushort.MaxValue) ?? 0,
            Columns = fields.Int("cols", 0, ushort.MaxValue) ?? 0,
        };
        ProgramText.CheckArguments(exec.Command, "command", fields.Problems);
        ProgramText.CheckEnv(exec.Env, "env", fields.Problems);
        return new ExecRequest(exec, fields.Bool("stdin_eof", false));
    }
}
