using System.IO.Pipelines;
using Hypeman.Contracts.Streams;

namespace Hypeman.Tests.Silo.Fleet;

public sealed class PromptStreamTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_written_is_sent_without_a_flush()
    {
        var pipe = new Pipe();
        await using var stream = new PromptStream(new BufferedStream(pipe.Writer.AsStream(), 1 << 16));

        await stream.WriteAsync("a"u8.ToArray(), Cancelled);
        Assert.Equal(1, await WaitingAsync(pipe.Reader, 1));
        stream.Write("b"u8);
        Assert.Equal(2, await WaitingAsync(pipe.Reader, 2));
    }

    private static async Task<long> WaitingAsync(PipeReader reader, int atLeast)
    {
        var read = await reader.ReadAtLeastAsync(atLeast, Cancelled);
        reader.AdvanceTo(read.Buffer.Start);
        return read.Buffer.Length;
    }
}
