# Installs what is missing and builds. Each part is skipped when it is already as it should be.
. scripts/packages.sh
. scripts/systemd.sh

verb_setup() {
  case "${1:-}" in
    -h | --help) say "Usage: ./dev setup [--tests]   install and build; --tests also what the tests need"; return ;;
    --tests) setup_run; setup_tests ;;
    '') setup_run ;;
    *) die "setup does not take '$1'; see ./dev setup --help" ;;
  esac
}

# What a running fleet needs.
setup_run() {
  need_root
  need_dotnet
  need_packages run
  need_kernel
  need_guest
  build Run.slnf
  need_server
}

# What the tests need on top.
setup_tests() {
  need_packages fleet
  need_packages test
  need_systemd_root
  build Hypeman.sln
  unless_done client "$(digest_of tests/EndToEnd/client/package-lock.json)" install_client
}

need_dotnet() {
  local version
  version=$(dotnet --version 2>/dev/null) || die "the .NET SDK 10 is missing: install it from https://dot.net, then try again"
  case "$version" in
    10.* | 1[1-9].*) ;;
    *) die "the .NET SDK is $version, but 10 or newer is needed: install it from https://dot.net" ;;
  esac
}

# The guest's kernel and its modules, unpacked beside the project and not installed on this machine.
need_kernel() {
  local package; package=$(kernel_packages)
  unless_done kernel "$package" unpack_kernel "$package"
}

unpack_kernel() {
  step "Guest kernel: fetching $1 (unpacked into .cache/kernel, not installed)"
  rm -rf "$cache/kernel" "$cache/kernel.new"; mkdir -p "$cache/kernel.new/deb"
  (cd "$cache/kernel.new/deb" && quietly kernel apt-get download -o APT::Sandbox::User=root $1)
  for deb in "$cache/kernel.new"/deb/*.deb; do dpkg-deb -x "$deb" "$cache/kernel.new"; done
  rm -rf "$cache/kernel.new/deb"; mv "$cache/kernel.new" "$cache/kernel"
}

# The guest's init and agent: one static native binary.
need_guest() {
  unless_done guest "$(digest_of src/GuestAgent src/GuestProtocol Directory.Build.props Directory.Packages.props)" build_guest
}

build_guest() {
  step "Guest agent: compiling to a static native binary"
  rm -rf "$cache/guest"
  quietly guest dotnet publish src/GuestAgent -c Release -r linux-x64 -o "$cache/guest" -v q -nologo
}

need_server() {
  unless_done server "$(digest_of src *.props)" build_server
}

build_server() {
  step "Server: compiling ahead of time"
  rm -rf "$cache/server"
  publish_program server src/Silo "$cache/server" --self-contained false
}

# Compiled ahead of time, a server answers after two thirds of the time that it takes otherwise.
publish_program() {
  local name=$1 project=$2 out=$3; shift 3
  quietly "publish-$name" dotnet publish "$project" -c "$configuration" -r linux-x64 -p:PublishReadyToRun=true \
    -p:NuGetLockFilePath=obj/publish.lock.json -o "$out" -v q -nologo "$@"
}

build() {
  unless_done "build-$1" "$(digest_of src tests demo bench *.props *.sln* *.slnf BannedSymbols.txt .editorconfig)" build_now "$1"
}

build_now() {
  step "Building $1"
  quietly build dotnet build "$1" -c "$configuration" -v q -nologo
}

install_client() {
  step "Official TypeScript client: installing from the npm registry"
  (cd tests/EndToEnd/client && quietly client npm ci --ignore-scripts --no-fund --no-audit)
}
