# What each container of docker-compose.yml runs. It holds what `./dev publish` has put together: the server with its
# runtime, the command line, the guest's binary and its kernel. Nothing is built in here.
FROM debian:12-slim

# What the host of VMs needs, with the reasons in scripts/packages.sh; the runtime needs ICU and TLS certificates.
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      qemu-system-x86 iproute2 nftables e2fsprogs util-linux ca-certificates libicu72 \
 && rm -rf /var/lib/apt/lists/*

COPY .cache/publish/ /opt/hypeman/
RUN ln -s /opt/hypeman/server/hypeman-silo /opt/hypeman/cli/hypeman /usr/local/bin/

VOLUME /var/lib/hypeman
ENTRYPOINT ["hypeman-silo", "--kernel-dir", "/opt/hypeman/kernel", "--guest-binary", "/opt/hypeman/guest/hypeman-guest"]
