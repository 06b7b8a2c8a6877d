using System.Buffers;
using System.Net.Security;
using CsCheck;
using Hypeman.Ingress.Certificates;

namespace Hypeman.Tests.Ingress.Certificates;

/// <summary>What a TLS client wants, read before TLS is begun.</summary>
public sealed class ClientHelloTests
{
    [Fact]
    public async Task The_hostname_and_the_protocols_of_a_real_client_are_found()
    {
        var hello = await RecordAsync("WEB.example.com", SslApplicationProtocol.Http2, SslApplicationProtocol.Http11);

        Assert.True(ClientHello.TryRead(new ReadOnlySequence<byte>(hello), out var read));

        Assert.Equal("web.example.com", read!.ServerName);
        Assert.Equal(["h2", "http/1.1"], read.Protocols);
    }

    [Fact]
    public async Task More_is_waited_for_until_all_of_it_is_there()
    {
        var hello = await RecordAsync("web.example.com");

        for (var length = 0; length < hello.Length; length++)
            Assert.False(ClientHello.TryRead(new ReadOnlySequence<byte>(hello, 0, length), out _));
    }

    [Fact]
    public async Task One_that_comes_in_many_records_is_put_together()
    {
        var hello = await RecordAsync("web.example.com");
        var message = hello.AsSpan(5).ToArray();
        var records = message.Chunk(50).SelectMany(part => (byte[])[22, 3, 1, 0, (byte)part.Length, .. part]).ToArray();

        Assert.True(ClientHello.TryRead(new ReadOnlySequence<byte>(records), out var read));

        Assert.Equal("web.example.com", read!.ServerName);
    }

    [Fact]
    public async Task Whatever_is_done_to_it_is_read_waited_for_or_refused()
    {
        var hello = await RecordAsync("web.example.com", SslApplicationProtocol.Http2);

        Gen.Select(Gen.Int[0, hello.Length - 1], Gen.Byte, Gen.Int[1, hello.Length]).Sample((at, value, length) =>
        {
            var changed = hello.ToArray();
            changed[at] = value;
            try
            {
                ClientHello.TryRead(new ReadOnlySequence<byte>(changed, 0, length), out _);
            }
            catch (FormatException)
            {
                // Refused.
            }
        });
    }

    [Theory]
    [InlineData(new byte[] { 22, 2, 1, 0, 1, 1 })]
    [InlineData(new byte[] { 22, 3, 1, 0, 0 })]
    [InlineData(new byte[] { 22, 3, 1, 0xFF, 0xFF })]
    [InlineData(new byte[] { 22, 3, 1, 0, 4, 2, 0, 0, 0 })]
    public void What_is_no_hello_is_refused(byte[] garbage) =>
        Assert.Throws<FormatException>(() => ClientHello.TryRead(new ReadOnlySequence<byte>(garbage), out _));

    [Fact]
    public void One_without_end_is_refused_before_it_is_held()
    {
        byte[] record = [22, 3, 1, 0x40, 0, 1, 0xFF, 0xFF, 0xFF, .. new byte[0x4000 - 4]];

        Assert.Throws<FormatException>(() => ClientHello.TryRead(new ReadOnlySequence<byte>([.. record, .. record]), out _));
    }

    /// <summary>What the platform's own client says first.</summary>
    private static async Task<byte[]> RecordAsync(string host, params SslApplicationProtocol[] protocols)
    {
        var said = new MemoryStream();
        var stream = new SslStream(new Listening(said));
        await Assert.ThrowsAnyAsync<Exception>(() => stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = host, ApplicationProtocols = [.. protocols] }));
        return said.ToArray();
    }

    /// <summary>Takes what is written and answers nothing.</summary>
    private sealed class Listening(MemoryStream said) : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            said.WriteAsync(buffer, cancellationToken);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(0);
    }
}
