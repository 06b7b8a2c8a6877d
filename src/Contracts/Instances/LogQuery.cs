namespace Hypeman.Contracts.Instances;

/// <summary>The logs an instance has.</summary>
public enum LogSource
{
    /// <summary>The serial console: what the guest's kernel, init and program print.</summary>
    App,

    /// <summary>What the hypervisor process prints.</summary>
    Vmm,

    /// <summary>What we did with this instance.</summary>
    Hypeman,
}

/// <summary>Which part of which log; <c>Tail</c> is the number of last lines to begin with.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.log-query")]
public sealed record LogQuery([property: Id(0)] LogSource Source, [property: Id(1)] int Tail, [property: Id(2)] bool Follow);

/// <summary>Some lines, without their line ends.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.log-lines")]
public sealed record LogLines([property: Id(0)] IReadOnlyList<string> Lines);
