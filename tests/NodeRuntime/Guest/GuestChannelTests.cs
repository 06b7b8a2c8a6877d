using Hypeman.GuestProtocol;
using Hypeman.GuestProtocol.Channel;
using Hypeman.GuestProtocol.Framing;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Guest;

namespace Hypeman.Tests.NodeRuntime.Guest;

public sealed class GuestChannelTests : IDisposable
{
    private static readonly ExecRequest Any = new() { Command = ["any"] };
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(30));

    private CancellationToken Deadline => _deadline.Token;

    public void Dispose() => _deadline.Dispose();

    [Fact]
    public async Task An_agent_that_leaves_the_first_hellos_unanswered_is_asked_again()
    {
        await using var agent = new FakeAgent(Echo, deaf: 2);
        await using var channel = await GuestChannel.ConnectAsync(agent.Path, Deadline);
        Assert.Equal(3, agent.Connections);
    }

    [Fact]
    public async Task Connecting_waits_for_a_socket_that_is_not_there_until_it_is_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        var connecting = GuestChannel.ConnectAsync("/nowhere/agent.sock", cancel.Token);
        Assert.False(connecting.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);
    }

    [Fact]
    public async Task Data_goes_through_many_windows_both_ways_on_many_sessions_at_once()
    {
        await using var agent = new FakeAgent(Echo);
        await using var channel = await GuestChannel.ConnectAsync(agent.Path, Deadline);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            var sent = Enumerable.Range(0, 1_000_000).Select(n => (byte)(n * (i + 3))).ToArray();
            await using var session = await channel.OpenAsync(Any, Deadline);
            var writing = Task.Run(async () =>
            {
                await session.WriteAsync(sent, Deadline);
                await session.EndAsync(Deadline);
            });
            var back = new MemoryStream();
            await foreach (var reply in session.ReadAllAsync(Deadline))
            {
                if (reply is DataReply data)
                    back.Write(data.Bytes.Span);
            }
            await writing;
            Assert.True(sent.AsSpan().SequenceEqual(back.ToArray()));
        }));
    }

    [Fact]
    public async Task A_writer_waits_for_the_guest_and_a_guest_for_its_reader()
    {
        var written = 0L;
        await using var agent = new FakeAgent((_, stream) =>
        {
            while (true)
            {
                stream.Write(new byte[10_000]);
                Interlocked.Add(ref written, 10_000);
            }
        });
        await using var channel = await GuestChannel.ConnectAsync(agent.Path, Deadline);
        await using var session = await channel.OpenAsync(Any, Deadline);
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => session.WriteAsync(new byte[1 << 20], soon.Token).AsTask());
        Assert.InRange(Interlocked.Read(ref written), 1, ProtocolLimits.StreamWindow);
    }

    [Fact]
    public async Task Giving_a_session_up_cancels_it_in_the_guest_and_leaves_the_others()
    {
        var cancelled = new TaskCompletionSource();
        await using var agent = new FakeAgent((request, stream) =>
        {
            if (request is ExecRequest)
            {
                Assert.Throws<OperationCanceledException>(stream.Take);
                cancelled.SetResult();
            }
            stream.Send(new DoneReply());
        });
        await using var channel = await GuestChannel.ConnectAsync(agent.Path, Deadline);
        await (await channel.OpenAsync(Any, Deadline)).DisposeAsync();
        await cancelled.Task.WaitAsync(Deadline);
        await channel.CallAsync<DoneReply>(new ShutdownRequest(), Deadline);
    }

    [Fact]
    public async Task A_guest_that_hangs_up_ends_the_channel_and_tells_every_reader()
    {
        await using var agent = new FakeAgent((_, _) => throw new InvalidOperationException("kaputt"));
        var channel = await GuestChannel.ConnectAsync(agent.Path, Deadline);
        var refused = await Assert.ThrowsAsync<NodeException>(() => channel.CallAsync<StatReply>(new StatRequest { Path = "/" }, Deadline));
        Assert.Equal((NodeErrorKind.Internal, "kaputt"), (refused.Kind, refused.Message));
        await channel.DisposeAsync();
        await channel.Closed;
        var lost = await Assert.ThrowsAsync<NodeException>(() => channel.OpenAsync(Any, Deadline));
        Assert.Equal(NodeErrorKind.Unavailable, lost.Kind);
        await channel.DisposeAsync();
    }

    [Fact]
    public async Task What_was_flushed_arrives_also_from_a_guest_that_is_gone_right_after_it()
    {
        for (var i = 0; i < 200; i++)
        {
            await using var agent = new FakeAgent(ServeOnce);
            await using var channel = await GuestChannel.ConnectAsync(agent.Path, Deadline);

            await channel.CallAsync<DoneReply>(new ShutdownRequest(), Deadline);
        }
    }

    private static void ServeOnce(Stream port)
    {
        try
        {
            new AgentChannel(
                port,
                (_, stream) =>
                {
                    stream.Send(new DoneReply());
                    stream.Flush(TimeSpan.FromSeconds(10));
                    port.Dispose();
                },
                _ => { }).Serve();
        }
        catch (ObjectDisposedException)
        {
            // By itself.
        }
    }

    [Fact]
    public async Task More_sessions_than_a_guest_serves_are_refused_here()
    {
        await using var agent = new FakeAgent((_, stream) => stream.Take());
        await using var channel = await GuestChannel.ConnectAsync(agent.Path, Deadline);
        for (var i = 0; i < ProtocolLimits.MaxStreams; i++)
            await channel.OpenAsync(Any, Deadline);
        var refused = await Assert.ThrowsAsync<NodeException>(() => channel.OpenAsync(Any, Deadline));
        Assert.Equal(NodeErrorKind.InsufficientResources, refused.Kind);
    }

    public static TheoryData<string, byte[]> Attacks => new()
    {
        { "more credit than a window", StreamFrames.Credit(1, ProtocolLimits.StreamWindow) },
        { "a last message that is none", FrameCodec.Encode(FrameType.Final, 1, "{}"u8) },
        { "a message that is none", FrameCodec.Encode(FrameType.Reply, 1, "what?"u8) },
        { "more data than its window", [.. Enumerable.Range(0, 5).SelectMany(_ => FrameCodec.Encode(FrameType.Output, 1, new byte[60_000]))] },
    };

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task A_guest_that_breaks_the_protocol_loses_its_channel(string what, byte[] attack)
    {
        await using var agent = new FakeAgent(stream => Attack(stream, attack));
        await using var channel = await GuestChannel.ConnectAsync(agent.Path, Deadline);
        await using var session = await channel.OpenAsync(Any, Deadline);
        await channel.Closed.WaitAsync(Deadline);
        var lost = await Assert.ThrowsAsync<NodeException>(async () => await session.ReadAllAsync(Deadline).ToListAsync(Deadline));
        Assert.True(lost.Kind == NodeErrorKind.Unavailable, what);
    }

    [Fact]
    public async Task Frames_of_sessions_that_do_not_exist_are_ignored()
    {
        await using var agent = new FakeAgent(stream => Attack(stream,
            [.. FrameCodec.Encode(FrameType.Final, 77, "junk"u8), .. FrameCodec.Encode(FrameType.Final, 1, MessageJson.Encode(new DoneReply()))]));
        await using var channel = await GuestChannel.ConnectAsync(agent.Path, Deadline);
        await channel.CallAsync<DoneReply>(new ShutdownRequest(), Deadline);
    }

    /// <summary>Answers the hello, waits for the first request, then says something else than it should.</summary>
    private static void Attack(Stream stream, byte[] attack)
    {
        var decoder = new FrameDecoder();
        while (true)
        {
            while (decoder.TryRead(out var frame))
            {
                if (frame.Type == FrameType.Hello && Hello.TryParse(frame.Payload.Span) is { } hello)
                    stream.Write(hello.Encode(FrameType.HelloAck));
                if (frame.Type == FrameType.Open)
                    stream.Write(attack);
            }
            var count = stream.Read(decoder.Free().Span);
            if (count == 0)
                return;
            decoder.Advance(count);
        }
    }

    private static void Echo(GuestRequest request, AgentStream stream)
    {
        while (stream.Take() is InputData data)
            stream.Write(data.Bytes);
        stream.Send(new ExitReply(0));
    }
}
