namespace Hypeman.NodeRuntime.Images.Roots;

/// <summary>Work of one kind, in the order it came, a few at a time. Those that wait are told their place; 1 is next.</summary>
internal sealed class WaitingLine(int maxAtWork)
{
    private readonly Lock _lock = new();
    private readonly List<Place> _waiting = [];
    private int _atWork;

    /// <summary>Takes the last place of the line.</summary>
    /// <param name="report">Is told the place whenever that is another, and never after the turn has come. Must be quick.</param>
    public Place Join(Action<int> report)
    {
        var place = new Place(this, report);
        lock (_lock)
        {
            _waiting.Add(place);
            MoveUp();
        }
        return place;
    }

    private void Leave(Place place)
    {
        lock (_lock)
        {
            if (!_waiting.Remove(place))
                _atWork--;
            MoveUp();
        }
    }

    private void MoveUp()
    {
        while (_atWork < maxAtWork && _waiting.Count > 0)
        {
            _waiting[0].Come();
            _waiting.RemoveAt(0);
            _atWork++;
        }
        for (var i = 0; i < _waiting.Count; i++)
            _waiting[i].MoveTo(i + 1);
    }

    /// <summary>A place in the line, and then at work. Whoever disposes it makes room for the next, in either case.</summary>
    public sealed class Place(WaitingLine line, Action<int> report) : IDisposable
    {
        private readonly TaskCompletionSource _turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _number;
        private int _hasLeft;

        /// <summary>Ends when it is this one's turn.</summary>
        public Task ComesAsync(CancellationToken cancellationToken) => _turn.Task.WaitAsync(cancellationToken);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _hasLeft, 1) == 0)
                line.Leave(this);
        }

        internal void Come() => _turn.SetResult();

        internal void MoveTo(int number)
        {
            if (_number == number)
                return;
            _number = number;
            report(number);
        }
    }
}
