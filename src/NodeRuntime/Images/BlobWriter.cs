using System.Security.Cryptography;
using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.NodeRuntime.Images;

/// <summary>A blob that is being written, hashed on the way. For one writer at a time.</summary>
public sealed class BlobWriter : IAsyncDisposable
{
    private readonly BlobStore _store;
    private readonly string _path;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _isCommitted;

    internal BlobWriter(BlobStore store, string path)
    {
        (_store, _path) = (store, path);
        _file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Options = FileOptions.Asynchronous,
            BufferSize = 0,
            UnixCreateMode = FileModes.Private,
        });
    }

    /// <summary>Bytes written so far.</summary>
    public long Length { get; private set; }

    /// <exception cref="NodeException">InsufficientResources: the disk is full.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        try
        {
            await _file.WriteAsync(content, cancellationToken);
        }
        catch (IOException failure) when (DiskFull.Is(failure))
        {
            throw DiskFull.Translate(failure);
        }
        _hash.AppendData(content.Span);
        Length += content.Length;
    }

    /// <summary>Begins again.</summary>
    public void Reset()
    {
        _file.SetLength(0);
        _file.Position = 0;
        _hash.GetHashAndReset();
        Length = 0;
    }

    /// <summary>Makes it a blob of the store, when its digest is the expected one.</summary>
    /// <exception cref="NodeException">Invalid: what was written is something else. InsufficientResources.</exception>
    public void Commit(Digest expected)
    {
        var actual = Digest.FromHash(_hash.GetCurrentHash());
        if (actual != expected)
            throw new NodeException(NodeErrorKind.Invalid, $"The content of {expected} is wrong: it has the digest {actual}.");
        try
        {
            _file.Flush(flushToDisk: true);
        }
        catch (IOException failure) when (DiskFull.Is(failure))
        {
            throw DiskFull.Translate(failure);
        }
        _store.Publish(_path, expected);
        _isCommitted = true;
    }

    public async ValueTask DisposeAsync()
    {
        await _file.DisposeAsync();
        _hash.Dispose();
        if (!_isCommitted)
            File.Delete(_path);
    }
}
