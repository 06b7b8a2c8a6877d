using Hypeman.Bench.Reports;

namespace Hypeman.Bench.Fleet;

/// <summary>What was measured while the fleet grew to a size, and when it had it.</summary>
internal sealed record SizeFigures
{
    public required int Instances { get; init; }
    public required FillFigures Fill { get; init; }

    /// <summary>One after the other, in turn with the others, so that what else the machine does hurts all alike.</summary>
    public required Figures Get { get; init; }
    public required Figures ListByTag { get; init; }
    public required Figures ListByState { get; init; }
    public required Figures Roundtrip { get; init; }
    public required Figures CreateToRunning { get; init; }

    public required WholeList WholeList { get; init; }
    public required long HeapBytes { get; init; }
    public required long ResidentBytes { get; init; }

    /// <summary>Shares of one processor while nobody asks for anything.</summary>
    public required double IdleSilos { get; init; }
    public required double IdlePostgres { get; init; }
}

/// <summary>What the creates took that brought the fleet to its size.</summary>
internal sealed record FillFigures
{
    public required int Creates { get; init; }
    public required double Seconds { get; init; }
    public required Figures Answers { get; init; }
    public required double SiloCpuSeconds { get; init; }
    public required double PostgresCpuSeconds { get; init; }
    public required double ClientCpuSeconds { get; init; }
    public required long Commits { get; init; }
    public required long WalBytes { get; init; }

    public double PerSecond => Creates / Seconds;
}

/// <summary>
/// All silos were killed and started again: seconds until so many gets of instances had been answered; infinity when they
/// were not within minutes.
/// </summary>
internal sealed record ColdStart(double FirstSeconds, double P95Seconds);

/// <summary>The outcome of a run.</summary>
internal sealed record FleetFigures(FleetPlan Plan, IReadOnlyList<SizeFigures> Sizes, ColdStart ColdStart, double SimulationBytesPerInstance)
{
    public double PlacementsPerSecond => Sizes.Sum(size => size.Fill.Creates) / Sizes.Sum(size => size.Fill.Seconds);

    public double Growth => Sizes[^1].Get.Median / Sizes[0].Get.Median;

    /// <summary>Of the silos' heaps, between the first size and the last, without what the simulated nodes hold themselves.</summary>
    public double BytesPerInstance => Sizes.Count == 1 ? 0
        : ((double)(Sizes[^1].HeapBytes - Sizes[0].HeapBytes) / (Sizes[^1].Instances - Sizes[0].Instances)) - SimulationBytesPerInstance;
}
