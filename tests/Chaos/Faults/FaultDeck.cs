using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.Chaos.Faults;

/// <summary>
/// Deals faults like cards: each kind comes once before any comes again, in an order and with members and times that
/// the seed decides.
/// </summary>
internal sealed class FaultDeck(
    ManyHosts fleet, Random random, IReadOnlyList<string> only, IReadOnlySet<string> spared, string smallDiskMember)
{
    private readonly Queue<string> _cards = new();

    public static IReadOnlyList<string> Kinds { get; } =
    [
        "kill-node", "kill-control", "kill-all", "restart", "freeze", "cut", "kill-database", "freeze-database", "kill-vm", "clock", "full-disk",
        "drain",
    ];

    public Fault Deal()
    {
        if (_cards.Count == 0)
        {
            var kinds = Kinds.Where(kind => only.Count == 0 || only.Contains(kind)).ToArray();
            random.Shuffle(kinds);
            foreach (var kind in kinds)
                _cards.Enqueue(kind);
        }
        return Make(_cards.Dequeue());
    }

    private Fault Make(string kind) => kind switch
    {
        "kill-node" => new KillFault(kind, [Node()], Between(3, 10)),
        "kill-control" => new KillFault(kind, [Control()], Between(3, 10)),
        "kill-all" => new KillFault(kind, Everybody, TimeSpan.Zero),
        "restart" => new RestartFault(Anybody()),
        "freeze" => new FreezeFault(Anybody(), Between(18, 25)),
        // Too short to be noticed by all, or long enough to be declared dead.
        "cut" => new CutFault(Node(), random.Next(2) == 0 ? Between(2, 4) : Between(18, 25)),
        "kill-database" => new DatabaseFault(freeze: false, Between(3, 10)),
        "freeze-database" => new DatabaseFault(freeze: true, TimeSpan.FromSeconds(30)),
        "kill-vm" => new MachineFault(Node(), spared, random.Next(100)),
        "clock" => new ClockFault(Anybody(), ahead: random.Next(2) == 0, Between(10, 20)),
        "drain" => new DrainFault(Node(), fleet.Nodes, random.Next(3) == 0 ? null : Anybody(), Between(0, 6), Between(4, 10)),
        "full-disk" => new FullDiskFault(smallDiskMember, Between(8, 15)),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such kind of fault"),
    };

    private IReadOnlyList<string> Everybody => [.. fleet.Controls, .. fleet.Nodes];

    private string Node() => Pick(fleet.Nodes);

    private string Control() => Pick(fleet.Controls);

    private string Anybody() => Pick(Everybody);

    private string Pick(IReadOnlyList<string> members) => members[random.Next(members.Count)];

    private TimeSpan Between(int least, int most) => TimeSpan.FromSeconds(least + (random.NextDouble() * (most - least)));
}
