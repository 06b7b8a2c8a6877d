namespace Hypeman.Peers.Instances;

/// <summary>
/// A stream on which what was written is sent at once, as on a socket. The HTTP client keeps back what is written to a
/// tunnel until it is flushed, and who writes HTTP to a connection does not flush it.
/// </summary>
internal sealed class PromptStream(Stream tunnel) : Stream
{
    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await tunnel.WriteAsync(buffer, cancellationToken);
        await tunnel.FlushAsync(cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count)
    {
        tunnel.Write(buffer, offset, count);
        tunnel.Flush();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        tunnel.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        tunnel.ReadAsync(buffer, offset, count, cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => tunnel.Read(buffer, offset, count);

    public override Task FlushAsync(CancellationToken cancellationToken) => tunnel.FlushAsync(cancellationToken);

    public override void Flush() => tunnel.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await tunnel.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            tunnel.Dispose();
        base.Dispose(disposing);
    }
}
