namespace Hypeman.Gateway.Registry;

/// <summary>The ways a registry refuses, in the words of the distribution protocol.</summary>
public enum RegistryError
{
    BlobUnknown,
    BlobUploadInvalid,
    BlobUploadUnknown,
    DigestInvalid,
    ManifestBlobUnknown,
    ManifestInvalid,
    ManifestUnknown,
    NameInvalid,
    SizeInvalid,
    Unauthorized,
    Denied,
    Unsupported,
    TooManyRequests,
    Unavailable,
    InsufficientStorage,
}

/// <summary>An expected refusal; the message is for the user.</summary>
public sealed class RegistryException(RegistryError error, string message) : Exception(message)
{
    public RegistryError Error { get; } = error;

    /// <summary>The protocol's name for it.</summary>
    public string Code => Error switch
    {
        RegistryError.BlobUnknown => "BLOB_UNKNOWN",
        RegistryError.BlobUploadInvalid => "BLOB_UPLOAD_INVALID",
        RegistryError.BlobUploadUnknown => "BLOB_UPLOAD_UNKNOWN",
        RegistryError.DigestInvalid => "DIGEST_INVALID",
        RegistryError.ManifestBlobUnknown => "MANIFEST_BLOB_UNKNOWN",
        RegistryError.ManifestInvalid => "MANIFEST_INVALID",
        RegistryError.ManifestUnknown => "MANIFEST_UNKNOWN",
        RegistryError.NameInvalid => "NAME_INVALID",
        RegistryError.SizeInvalid => "SIZE_INVALID",
        RegistryError.Unauthorized => "UNAUTHORIZED",
        RegistryError.Denied => "DENIED",
        RegistryError.Unsupported => "UNSUPPORTED",
        RegistryError.TooManyRequests => "TOOMANYREQUESTS",
        RegistryError.Unavailable => "UNAVAILABLE",
        RegistryError.InsufficientStorage => "UNAVAILABLE",
    };

    public int Status => Error switch
    {
        RegistryError.BlobUnknown or RegistryError.BlobUploadUnknown or RegistryError.ManifestUnknown => StatusCodes.Status404NotFound,
        RegistryError.BlobUploadInvalid => StatusCodes.Status416RangeNotSatisfiable,
        RegistryError.DigestInvalid or RegistryError.ManifestBlobUnknown or RegistryError.ManifestInvalid or RegistryError.NameInvalid =>
            StatusCodes.Status400BadRequest,
        RegistryError.SizeInvalid => StatusCodes.Status413PayloadTooLarge,
        RegistryError.Unauthorized => StatusCodes.Status401Unauthorized,
        RegistryError.Denied => StatusCodes.Status403Forbidden,
        RegistryError.Unsupported => StatusCodes.Status405MethodNotAllowed,
        RegistryError.TooManyRequests => StatusCodes.Status429TooManyRequests,
        RegistryError.Unavailable => StatusCodes.Status502BadGateway, // It makes BuildKit ask the next registry.
        RegistryError.InsufficientStorage => StatusCodes.Status507InsufficientStorage,
    };
}
