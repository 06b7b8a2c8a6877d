namespace Hypeman.Storage.Index;

/// <summary>A grain's record on its way to the table of grain state, under the key that Orleans' provider gives it.</summary>
/// <param name="Service">Orleans' service id.</param>
/// <param name="Name">Of the state.</param>
/// <param name="Key">Of the grain; never one that reads as a number.</param>
/// <param name="Payload">What is stored.</param>
/// <param name="Read">The version that was read; 0 when there was none.</param>
internal sealed record GrainRecord(string Service, string Name, string Key, byte[] Payload, int Read);
