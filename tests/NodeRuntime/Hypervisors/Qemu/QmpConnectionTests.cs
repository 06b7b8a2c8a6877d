using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Hypervisors.Qemu;

namespace Hypeman.Tests.NodeRuntime.Hypervisors.Qemu;

public sealed class QmpConnectionTests
{
    [Fact]
    public async Task Leaves_the_negotiation_mode_before_anything_else()
    {
        var (qemu, ours) = await ScriptedQemu.PairAsync();
        var opening = QmpConnection.OpenAsync(ours, CancellationToken.None);
        await qemu.SayAsync(ScriptedQemu.Greeting);
        var first = await qemu.HearAsync();
        Assert.Equal("qmp_capabilities", first.GetProperty("execute").GetString());
        Assert.False(opening.IsCompleted);
        await qemu.AnswerAsync(first);
        await using var connection = await opening;
    }

    [Fact]
    public async Task Answers_find_their_calls_in_any_order()
    {
        var (qemu, connection) = await ScriptedQemu.OpenAsync();
        await using var _ = connection;
        var first = connection.ExecuteAsync("first", CancellationToken.None);
        var heardFirst = await qemu.HearAsync();
        var second = connection.ExecuteAsync(
            "second", CancellationToken.None, arguments => arguments.WriteString("id", "disk0"));
        var heardSecond = await qemu.HearAsync();
        Assert.Equal("disk0", heardSecond.GetProperty("arguments").GetProperty("id").GetString());

        await qemu.AnswerAsync(heardSecond, "2");
        await qemu.AnswerAsync(heardFirst, "1");

        Assert.Equal(1, (await first).GetInt32());
        Assert.Equal(2, (await second).GetInt32());
    }

    [Fact]
    public async Task A_refusal_is_the_calls_alone()
    {
        var (qemu, connection) = await ScriptedQemu.OpenAsync();
        await using var _ = connection;
        var refused = connection.ExecuteAsync("nonsense", CancellationToken.None);
        var id = (await qemu.HearAsync()).GetProperty("id");
        await qemu.SayAsync($$"""{"error": {"class": "CommandNotFound", "desc": "no such command"}, "id": {{id}}}""");
        var error = await Assert.ThrowsAsync<NodeException>(() => refused);
        Assert.Equal(NodeErrorKind.Internal, error.Kind);
        Assert.Contains("no such command", error.Detail);

        var next = connection.ExecuteAsync("query-status", CancellationToken.None);
        await qemu.AnswerAsync(await qemu.HearAsync());
        await next;
    }

    [Fact]
    public async Task Events_come_between_answers_and_end_with_the_session()
    {
        var (qemu, connection) = await ScriptedQemu.OpenAsync();
        await using var _ = connection;
        await qemu.SayAsync("""{"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-shutdown"}}""");
        await qemu.SayAsync("""{"event": "STOP"}""");
        await qemu.DisposeAsync();

        var names = new List<string>();
        await foreach (var notice in connection.Events.ReadAllAsync())
            names.Add(notice.ToString());
        Assert.Equal(["""SHUTDOWN {"guest": true, "reason": "guest-shutdown"}""", "STOP"], names);
    }

    [Fact]
    public async Task What_ends_the_session_is_the_reason_of_all_calls()
    {
        var (qemu, connection) = await ScriptedQemu.OpenAsync();
        await using var _ = connection;
        var waiting = connection.ExecuteAsync("quit", CancellationToken.None);
        await qemu.HearAsync();
        await qemu.DisposeAsync();

        var error = await Assert.ThrowsAsync<NodeException>(() => waiting);
        Assert.Equal(NodeErrorKind.Unavailable, error.Kind);
        await connection.Closed;
        await Assert.ThrowsAsync<NodeException>(() => connection.ExecuteAsync("cont", CancellationToken.None));
    }

    [Fact]
    public async Task A_caller_that_leaves_does_not_put_the_session_out_of_step()
    {
        var (qemu, connection) = await ScriptedQemu.OpenAsync();
        await using var _ = connection;
        using var leaving = new CancellationTokenSource();
        var left = connection.ExecuteAsync("slow", leaving.Token);
        var slow = await qemu.HearAsync();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);

        var next = connection.ExecuteAsync("next", CancellationToken.None);
        await qemu.AnswerAsync(slow, "1");
        await qemu.AnswerAsync(await qemu.HearAsync(), "2");
        Assert.Equal(2, (await next).GetInt32());
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request")]
    [InlineData("{\"hello\": 1}")]
    [InlineData("[]")]
    public async Task What_does_not_greet_as_qemu_is_refused(string greeting)
    {
        var (qemu, ours) = await ScriptedQemu.PairAsync();
        await using var _ = qemu;
        await qemu.SayAsync(greeting);
        var error = await Assert.ThrowsAsync<NodeException>(() => QmpConnection.OpenAsync(ours, CancellationToken.None));
        Assert.Equal(NodeErrorKind.Unavailable, error.Kind);
    }

    [Fact]
    public async Task A_line_without_end_ends_the_session()
    {
        var (qemu, connection) = await ScriptedQemu.OpenAsync();
        await using var _ = connection;
        var waiting = connection.ExecuteAsync("query-status", CancellationToken.None);
        await qemu.HearAsync();
        try
        {
            await qemu.SayAsync(new string('x', 4 * 1024 * 1024));
        }
        catch (IOException)
        {
            // It hung up on us, which is what it should.
        }
        var error = await Assert.ThrowsAsync<NodeException>(() => waiting);
        Assert.Equal(NodeErrorKind.Unavailable, error.Kind);
    }
}
