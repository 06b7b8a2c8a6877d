using System.Security.Cryptography;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Vms.Transfer;

/// <summary>The kept files of a VM, as chunks.</summary>
internal static class VmFiles
{
    internal static IReadOnlyList<VmFile> Describe(VmPlaces places, CancellationToken cancellationToken) =>
        [.. places.There.Select(place => Describe(place.Path, place.Name, cancellationToken))];

    /// <summary>Reads the whole file but its holes.</summary>
    internal static VmFile Describe(string path, string name, CancellationToken cancellationToken)
    {
        using var file = OpenForReading(path);
        var chunks = new List<VmChunk>();
        var buffer = new byte[VmFile.ChunkBytes];
        foreach (var number in SparseFile.PiecesWithData(file, VmFile.ChunkBytes))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var content = Read(file, number, buffer);
            if (content.Span.ContainsAnyExcept((byte)0))
                chunks.Add(new VmChunk(number, DigestOf(content.Span)));
        }
        return new VmFile(name, RandomAccess.GetLength(file), chunks);
    }

    /// <exception cref="NodeException">Invalid: no such file is kept. NotFound: it has no such chunk.</exception>
    internal static ReadOnlyMemory<byte> ReadChunk(VmPlaces places, string name, long number)
    {
        var path = places.PathOf(name);
        if (!File.Exists(path))
            throw new NodeException(NodeErrorKind.NotFound, $"This VM has no {name}.");
        using var file = OpenForReading(path);
        if (number < 0 || number >= (RandomAccess.GetLength(file) + VmFile.ChunkBytes - 1) / VmFile.ChunkBytes)
            throw new NodeException(NodeErrorKind.NotFound, $"There is no chunk {number} of {name}.");
        return Read(file, number, new byte[VmFile.ChunkBytes]);
    }

    internal static Memory<byte> Read(SafeFileHandle file, long number, byte[] buffer)
    {
        var length = 0;
        while (length < buffer.Length
            && RandomAccess.Read(file, buffer.AsSpan(length), (number * VmFile.ChunkBytes) + length) is > 0 and var count)
            length += count;
        return buffer.AsMemory(0, length);
    }

    internal static string DigestOf(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static SafeFileHandle OpenForReading(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
}
