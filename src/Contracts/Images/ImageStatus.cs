namespace Hypeman.Contracts.Images;

/// <summary>How far an image is; <c>Ready</c> and <c>Failed</c> are final until it is asked for again.</summary>
public enum ImageStatus
{
    Pending,
    Pulling,
    Converting,
    Ready,
    Failed,
}
