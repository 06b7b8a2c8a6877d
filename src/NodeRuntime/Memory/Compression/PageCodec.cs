using K4os.Compression.LZ4;
using ZstdSharp;

namespace Hypeman.NodeRuntime.Memory.Compression;

/// <summary>One worker's compressor and decompressor.</summary>
internal abstract class PageCodec : IDisposable
{
    /// <param name="level">As in <see cref="CompressionSpec"/>; to decompress, any will do.</param>
    internal static PageCodec For(CompressionAlgorithm algorithm, int level) => algorithm switch
    {
        CompressionAlgorithm.Zstd => new Zstd(level),
        CompressionAlgorithm.Lz4 => new Lz4(level),
    };

    /// <returns>How many bytes it has become.</returns>
    internal abstract int Compress(ReadOnlySpan<byte> from, Span<byte> into);

    /// <exception cref="InvalidDataException">It is not what was written.</exception>
    internal abstract void Decompress(ReadOnlySpan<byte> from, Span<byte> into);

    public abstract void Dispose();

    private static InvalidDataException Damaged(Exception? inner = null) => new("The compressed memory is damaged.", inner);

    private sealed class Zstd(int level) : PageCodec
    {
        private readonly Compressor _compressor = new(level);
        private readonly Decompressor _decompressor = new();

        internal override int Compress(ReadOnlySpan<byte> from, Span<byte> into) => _compressor.Wrap(from, into);

        internal override void Decompress(ReadOnlySpan<byte> from, Span<byte> into)
        {
            try
            {
                if (_decompressor.Unwrap(from, into) != into.Length)
                    throw Damaged();
            }
            catch (ZstdException e)
            {
                throw Damaged(e);
            }
        }

        public override void Dispose()
        {
            _compressor.Dispose();
            _decompressor.Dispose();
        }
    }

    private sealed class Lz4(int level) : PageCodec
    {
        // Levels 1 and 2 are no other than 0 in the library that this is a port of.
        private readonly LZ4Level _level = level < (int)LZ4Level.L03_HC ? LZ4Level.L00_FAST : (LZ4Level)level;

        internal override int Compress(ReadOnlySpan<byte> from, Span<byte> into) => LZ4Codec.Encode(from, into, _level);

        internal override void Decompress(ReadOnlySpan<byte> from, Span<byte> into)
        {
            if (LZ4Codec.Decode(from, into) != into.Length)
                throw Damaged();
        }

        public override void Dispose()
        {
        }
    }
}
