namespace Hypeman.GuestProtocol.Channel;

/// <summary>
/// Frames on their way out of the guest. Not bounded itself: whoever puts data in takes credit for it first.
/// </summary>
internal sealed class FrameQueue
{
    private readonly Queue<byte[]> _frames = new();
    private bool _completed;
    private bool _isWriting;

    public void Enqueue(params ReadOnlySpan<byte[]> frames)
    {
        lock (_frames)
        {
            foreach (var frame in frames)
                _frames.Enqueue(frame);
            Monitor.PulseAll(_frames);
        }
    }

    /// <summary>Waits for a frame; null after <see cref="Complete"/>. Who asks for the next has written the one before.</summary>
    public byte[]? Take()
    {
        lock (_frames)
        {
            _isWriting = false;
            Monitor.PulseAll(_frames);
            while (_frames.Count == 0 && !_completed)
                Monitor.Wait(_frames);
            if (_completed)
                return null;
            _isWriting = true;
            return _frames.Dequeue();
        }
    }

    /// <summary>Waits until all is written, but no longer than this: nobody may be reading.</summary>
    public void Flush(TimeSpan patience)
    {
        var began = TimeProvider.System.GetTimestamp();
        lock (_frames)
        {
            while (!_completed && (_isWriting || _frames.Count > 0))
            {
                var left = patience - TimeProvider.System.GetElapsedTime(began);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_frames, left))
                    return;
            }
        }
    }

    public void Clear()
    {
        lock (_frames)
            _frames.Clear();
    }

    public void Complete()
    {
        lock (_frames)
        {
            _completed = true;
            Monitor.PulseAll(_frames);
        }
    }
}
