using Hypeman.Gateway.Auth;
using Hypeman.Silo.Configuration;

namespace Hypeman.Silo.Commands;

/// <summary>Prints a token for the API; the server need not run.</summary>
internal static class TokenCommand
{
    public static int Run(HypemanOptions options, string user, string? scopes, string expires, TextWriter output)
    {
        try
        {
            var issuer = new TokenIssuer(JwtSecret.Ensure(options), TimeProvider.System);
            output.WriteLine(issuer.Issue(user, scopes is null ? null : SettingText.List(scopes), SettingText.Duration(expires)));
            return 0;
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw new StartupException(e.Message, e);
        }
    }
}
