using Hypeman.Contracts.Nodes;

namespace Hypeman.Grains.Instances;

/// <summary>The side of an instance grain that moves it, for the drain of its node and for whoever asks for it.</summary>
[Alias("hypeman.instance-moves")]
internal interface IInstanceMoves : IGrainWithStringKey
{
    /// <summary>Begins to move it; what comes of it is in its row. One that moves there already is left to it.</summary>
    /// <exception cref="Contracts.Errors.HypemanException"><c>invalid_state</c> when it cannot be moved now.</exception>
    [Alias("Move")] Task MoveAsync(string target, DrainRunning running);

    /// <summary>Has it stay, or come home again, unless its disk has arrived already. When it is not moved, nothing.</summary>
    [Alias("CancelMove")] Task CancelMoveAsync();
}
