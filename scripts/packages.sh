# The Debian and Ubuntu packages that are needed, and what each is for.
packages_run='
qemu-system-x86  runs the VMs
iproute2         makes network namespaces and bridges
nftables         NAT and isolation of the VMs
e2fsprogs        makes the writable disks
util-linux       enters namespaces, drops privileges
xz-utils         unpacks kernel modules
busybox-static   the web server of the demo image
gcc              links the guest agent
libc6-dev        links the guest agent
zlib1g-dev       links the guest agent
'
packages_fleet='
postgresql       the database of a fleet
'
packages_codec='
zstd             what our compression is compared to
lz4              what our compression is compared to
'
packages_restore='
libvirt-clients               virsh, which our restore is compared to
libvirt-daemon                runs the VMs of virsh
libvirt-daemon-driver-qemu    runs the VMs of virsh
'
packages_ingress='
caddy            what our ingress is compared to
nginx            what our ingress is compared to, and what answers behind it
wrk              asks for pages
'
packages_chaos='
skopeo           pushes images as users do
faketime         steps the clock of one process
'
packages_test='
curl             asks VMs for pages
skopeo           pushes images as users do
docker-registry  a real registry to pull from
attr             compares extended attributes
cpio             checks the initial file system we write
erofs-utils      checks the root disks we write
nghttp2-client   asks for pages by HTTP/2, many at a time
python3-grpcio   calls and serves gRPC
nodejs           runs the official client
chromium         opens pages as operators and customers do
libnss3-tools    tells the browser whom to trust
pebble           issues certificates by ACME
'

# need_packages run|fleet|codec|restore|ingress|chaos|test: installs what is missing, after saying what and why.
need_packages() {
  local list=packages_$1 missing=() name why
  list=${!list}
  while read -r name why; do
    [ -z "$name" ] || installed "$name" || { missing+=("$name"); say "  needs $name: $why"; }
  done <<< "$list"
  if [ "$1" = test ] && ! command -v npm > /dev/null; then missing+=(npm); say "  needs npm: installs the official client"; fi
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get > /dev/null || die "please install: ${missing[*]} (this machine has no apt-get)"
  step "Installing ${missing[*]}"
  quietly apt-update apt-get update
  quietly apt-install env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = 'ii ' ]; }

# The packages that hold the kernel for guests: Debian's cloud kernel, Ubuntu's virtual one.
kernel_packages() {
  [ "$(dpkg --print-architecture)" = amd64 ] || die "only amd64 hosts are supported so far"
  local meta=linux-image-cloud-amd64
  grep -q '^ID=ubuntu' /etc/os-release && meta=linux-image-virtual
  local image; image=$(newest_image "$meta")
  [ -n "$image" ] || { quietly apt-update apt-get update; image=$(newest_image "$meta"); }
  [ -n "$image" ] || die "no package provides the guest kernel ($meta)"
  [ "$meta" = linux-image-virtual ] && image="$image linux-modules-${image#linux-image-}"
  printf '%s' "$image"
}

newest_image() { apt-cache depends "$1" 2>/dev/null | awk '$1 == "Depends:" && $2 ~ /^linux-image-[0-9]/ { print $2; exit }'; }
