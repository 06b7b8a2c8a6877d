using Hypeman.Ingress;

namespace Hypeman.Tests.Ingress;

public class IngressOptionsTests
{
    [Fact]
    public void The_defaults_are_valid() => Assert.True(new IngressOptionsValidator().Validate(null, new IngressOptions()).Succeeded);

    [Fact]
    public void Every_mistake_is_named_at_once()
    {
        var result = new IngressOptionsValidator().Validate(null, new IngressOptions
        {
            ListenAddress = "nowhere",
            ListenPort = 70000,
            MaxConnections = 0,
            IdleTimeout = TimeSpan.Zero,
        });

        Assert.Equal(4, result.Failures!.Count());
    }
}
