namespace Hypeman.GuestProtocol.Channel;

/// <summary>
/// Frames on their way out of the guest. Not bounded itself: whoever puts data in takes credit for it first.
/// </summary>
internal sealed class FrameQueue
{
    private readonly Queue<byte[]> _frames = new();
    private bool _completed;

    public void Enqueue(params ReadOnlySpan<byte[]> frames)
    {
        lock (_frames)
        {
            foreach (var frame in frames)
                _frames.Enqueue(frame);
            Monitor.Pulse(_frames);
        }
    }

    /// <summary>Waits for a frame; null after <see cref="Complete"/>.</summary>
    public byte[]? Take()
    {
        lock (_frames)
        {
            while (_frames.Count == 0 && !_completed)
                Monitor.Wait(_frames);
            return _completed ? null : _frames.Dequeue();
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
