using System.Net.Security;

namespace Hypeman.Peers;

/// <summary>How this process shows that it belongs to the fleet, and knows who else does.</summary>
public interface IPeerIdentity
{
    /// <summary>For one connection that is opened to us: it must be a member's.</summary>
    SslServerAuthenticationOptions ServerOptions();

    /// <summary>For connections that we open. May be kept: what they show and accept is looked up at each.</summary>
    SslClientAuthenticationOptions ClientOptions();
}
