using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Nodes;

namespace Hypeman.NodeRuntime.Images.Roots;

/// <summary>The room on the disk that pulls are going to take: what is still to come for one is not free for another.</summary>
internal sealed class PullRoom(DataLayout layout, ImageOptions options)
{
    private readonly Lock _lock = new();
    private long _toCome;

    /// <exception cref="NodeException">InsufficientResources: too little would stay free.</exception>
    public Claim Take(long bytes)
    {
        lock (_lock)
        {
            var free = new DriveInfo(layout.Root).AvailableFreeSpace - _toCome;
            if (free - bytes < options.MinFreeBytes)
                throw new NodeException(NodeErrorKind.InsufficientResources,
                    $"The disk of this host has {free >> 20} MiB free; the image needs {bytes >> 20} MiB, and "
                    + $"{options.MinFreeBytes >> 20} MiB must stay free.");
            _toCome += bytes;
        }
        return new Claim(this, bytes);
    }

    /// <summary>The room of one pull, until it is disposed.</summary>
    public sealed class Claim(PullRoom room, long toCome) : IDisposable
    {
        private long _toCome = toCome;

        /// <summary>The rest is on the disk by now, or is not there again.</summary>
        public void SetToCome(long bytes)
        {
            lock (room._lock)
            {
                room._toCome += bytes - _toCome;
                _toCome = bytes;
            }
        }

        public void Dispose() => SetToCome(0);
    }
}
