using System.IO.Compression;
using System.Security.Cryptography;
using ZstdSharp;

namespace Hypeman.NodeRuntime.Images.Layers;

/// <summary>How much an image may expand to; one for all its layers.</summary>
internal sealed class ExpansionBudget(long maxBytes, int maxRatio)
{
    private long _used;

    /// <summary>For bytes that cost nothing to send: holes of sparse files.</summary>
    public void Take(long bytes)
    {
        if (bytes > maxBytes - _used)
            throw new InvalidDataException($"the layers expand to more than {maxBytes} bytes");
        _used += bytes;
    }

    public void Take(long bytes, long ofLayer, long compressed)
    {
        Take(bytes);
        if (ofLayer > ImageLimits.RatioFromBytes && ofLayer / Math.Max(1, compressed) > maxRatio)
            throw new InvalidDataException($"a layer expands to more than {maxRatio} times its size");
    }
}

/// <summary>
/// The tar inside a layer's blob: gzip, zstd or plain, told by its first bytes. Counts and hashes what comes out.
/// </summary>
internal sealed class LayerStream : Stream
{
    private readonly Stream _blob;
    private readonly Stream _tar;
    private readonly ExpansionBudget _budget;
    private readonly CancellationToken _cancellation;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _expanded;

    /// <param name="blob">Seekable; closed with this stream.</param>
    /// <param name="budget">Is charged for every byte that comes out.</param>
    /// <param name="cancellation">Ends a read with an exception.</param>
    public LayerStream(Stream blob, ExpansionBudget budget, CancellationToken cancellation)
    {
        (_blob, _budget, _cancellation) = (blob, budget, cancellation);
        _tar = Decompress(blob);
    }

    /// <summary>Bytes of the blob that were taken in so far.</summary>
    public long BytesRead => _blob.Position;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        _cancellation.ThrowIfCancellationRequested();
        var count = ReadTar(buffer);
        _hash.AppendData(buffer[..count]);
        _expanded += count;
        _budget.Take(count, _expanded, _blob.Length);
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <summary>Reads what a tar has behind its end, and gives the digest of all that came out.</summary>
    public Digest Finish()
    {
        var rest = new byte[64 << 10];
        while (Read(rest) > 0)
        {
        }
        return Digest.FromHash(_hash.GetHashAndReset());
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _tar.Dispose();
            _blob.Dispose();
            _hash.Dispose();
        }
        base.Dispose(disposing);
    }

    private static Stream Decompress(Stream blob)
    {
        Span<byte> magic = stackalloc byte[4];
        var length = blob.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        blob.Position = 0;
        return magic[..length] switch
        {
            [0x1f, 0x8b, ..] => new GZipStream(blob, CompressionMode.Decompress, leaveOpen: true),
            [0x28, 0xb5, 0x2f, 0xfd] or [>= 0x50 and <= 0x5f, 0x2a, 0x4d, 0x18] => new DecompressionStream(blob, leaveOpen: true),
            _ => blob,
        };
    }

    private int ReadTar(Span<byte> buffer)
    {
        try
        {
            return _tar.Read(buffer);
        }
        catch (Exception failure) when (failure is ZstdException or EndOfStreamException)
        {
            throw new InvalidDataException("the compressed data is corrupt", failure);
        }
    }
}
