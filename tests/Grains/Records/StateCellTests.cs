using Hypeman.Grains.Records;
using Hypeman.Tests.Testing.Index;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Runtime;

namespace Hypeman.Tests.Grains.Records;

public sealed class StateCellTests
{
    private readonly StateCell<Count> _cell = new(
        new DirectState<Stored<Count>>(new TestStorage(new InMemoryResourceIndex()), "count", GrainId.Create("count", "1")), _ => { }, NullLogger.Instance);

    [Fact]
    public async Task A_change_that_another_one_sets_off_comes_after_it_and_none_is_lost()
    {
        Task inChange = Task.CompletedTask, inTelling = Task.CompletedTask;

        await _cell.ChangeAsync(
            present =>
            {
                inChange = AddAsync();
                return Next(present);
            },
            _ =>
            {
                inTelling = AddAsync();
                return Task.CompletedTask;
            });
        await Task.WhenAll(inChange, inTelling);

        Assert.Equal(3, _cell.Value!.Value);
    }

    [Fact]
    public async Task A_change_that_refuses_leaves_what_is_there_and_the_next_one_its_turn()
    {
        await AddAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => _cell.ChangeAsync(_ => throw new InvalidOperationException(), _ => Task.CompletedTask));

        await AddAsync();

        Assert.Equal(2, _cell.Value!.Value);
    }

    private Task<Count?> AddAsync() => _cell.ChangeAsync(Next, _ => Task.CompletedTask);

    private static Count Next(Count? present) => new((present?.Value ?? 0) + 1);

    internal sealed record Count(int Value) : IVersioned<Count>
    {
        public Count Upgraded() => this;
    }
}
