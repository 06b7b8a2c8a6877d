using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Ingress.Certificates;

namespace Hypeman.Silo.Adapters;

/// <summary>The ingress' way to a certificate that is not there yet: its grain, which asks for it once, however many want it.</summary>
internal sealed class CertificateRequester(IGrainFactory grains, TimeProvider time) : ICertificateRequester
{
    public async Task RequestAsync(string name, CancellationToken cancellationToken)
    {
        while (true)
            try
            {
                var info = await grains.Certificate(name).EnsureAsync().WaitAsync(cancellationToken);
                if (info.Material is null && info.LastError is { } reason)
                    throw new HypemanException(ErrorKind.Unavailable, "unavailable", reason);
                return;
            }
            catch (Exception interrupted) when (interrupted.IsInterruption())
            {
                await Task.Delay(Interruption.Pause, time, cancellationToken);
            }
    }
}
