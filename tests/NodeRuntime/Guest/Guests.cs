using System.Text;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Tests.NodeRuntime.Guest;

/// <summary>What tests do with a guest again and again.</summary>
internal static class Guests
{
    /// <summary>Runs a command without input to its end.</summary>
    public static async Task<(string Output, int Code)> RunAsync(
        GuestChannel channel, ExecRequest request, CancellationToken cancellationToken)
    {
        await using var session = await channel.OpenAsync(request, cancellationToken);
        await session.EndAsync(cancellationToken);
        return await EndOfAsync(session, cancellationToken);
    }

    /// <summary>Reads all output of a command and its exit code.</summary>
    public static async Task<(string Output, int Code)> EndOfAsync(IGuestSession session, CancellationToken cancellationToken)
    {
        var output = new MemoryStream();
        await foreach (var reply in session.ReadAllAsync(cancellationToken))
        {
            switch (reply)
            {
                case DataReply data:
                    output.Write(data.Bytes.Span);
                    break;
                case ExitReply exit:
                    return (Encoding.UTF8.GetString(output.ToArray()), exit.ExitCode);
                default:
                    throw new InvalidOperationException($"Not an answer to a command: {reply}");
            }
        }
        throw new InvalidOperationException("The command ended without an exit code.");
    }
}
