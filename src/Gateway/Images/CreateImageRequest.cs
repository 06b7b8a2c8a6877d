using Hypeman.Contracts.Images;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Images;

/// <summary>The body of POST /images.</summary>
internal static class CreateImageRequest
{
    public static ImageSpec Read(FieldReader fields)
    {
        var spec = new ImageSpec
        {
            Name = fields.RequiredString("name"),
            Platform = PlatformName.FromBody(fields),
            Credentials = fields.Object("credentials") is { } credentials ? ReadCredentials(credentials) : null,
            Tags = Tags.FromBody(fields),
        };
        if (spec.Name.Length == 0 && fields.Problems.Count == 0)
            fields.Problems.Add("invalid_name", "name", "must not be empty");
        return spec;
    }

    private static RegistryCredentials ReadCredentials(FieldReader fields) => new()
    {
        Username = fields.String("username"),
        Password = fields.String("password"),
        RegistryToken = fields.String("registry_token"),
    };
}
