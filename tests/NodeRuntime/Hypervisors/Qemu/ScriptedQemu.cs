using System.Net.Sockets;
using System.Text.Json;
using Hypeman.NodeRuntime.Hypervisors.Qemu;

namespace Hypeman.Tests.NodeRuntime.Hypervisors.Qemu;

/// <summary>The other end of a QMP session, line by line.</summary>
internal sealed class ScriptedQemu : IAsyncDisposable
{
    internal const string Greeting = """{"QMP": {"version": {"qemu": {"major": 7, "minor": 2, "micro": 0}}, "capabilities": []}}""";

    private readonly NetworkStream _stream;
    private readonly StreamReader _reader;

    private ScriptedQemu(Socket socket)
    {
        _stream = new NetworkStream(socket, ownsSocket: true);
        _reader = new StreamReader(_stream);
    }

    /// <summary>A session of which neither side has said anything.</summary>
    internal static async Task<(ScriptedQemu Qemu, Stream Ours)> PairAsync()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var accepting = listener.AcceptSocketAsync();
        var ours = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await ours.ConnectAsync(listener.LocalEndpoint);
        return (new ScriptedQemu(await accepting), new NetworkStream(ours, ownsSocket: true));
    }

    /// <summary>A session that is ready for commands.</summary>
    internal static async Task<(ScriptedQemu Qemu, QmpConnection Connection)> OpenAsync()
    {
        var (qemu, ours) = await PairAsync();
        var opening = QmpConnection.OpenAsync(ours, CancellationToken.None);
        await qemu.SayAsync(Greeting);
        await qemu.AnswerAsync(await qemu.HearAsync());
        return (qemu, await opening);
    }

    internal async Task SayAsync(string line) => await _stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(line + "\n"));

    internal async Task<JsonElement> HearAsync() => JsonElement.Parse(
        await _reader.ReadLineAsync() ?? throw new EndOfStreamException("The other side has closed the session."));

    internal Task AnswerAsync(JsonElement command, string result = "{}") =>
        SayAsync($$"""{"return": {{result}}, "id": {{command.GetProperty("id")}}}""");

    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
