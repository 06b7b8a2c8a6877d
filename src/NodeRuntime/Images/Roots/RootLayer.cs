namespace Hypeman.NodeRuntime.Images.Roots;

/// <summary>A layer of an image, as a file of this host.</summary>
/// <param name="BlobPath">The compressed tar.</param>
/// <param name="Digest">Of the blob.</param>
/// <param name="DiffId">Of the tar inside, as the image's config promises it.</param>
internal sealed record RootLayer(string BlobPath, Digest Digest, Digest DiffId);
