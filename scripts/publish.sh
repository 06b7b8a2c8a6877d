# Puts together what a host of the fleet runs, without the SDK: server and command line with their runtime, guest, kernel.
. scripts/setup.sh

verb_publish() {
  case "${1:-}" in
    '') ;;
    -h | --help) say "Usage: ./dev publish   writes .cache/publish, which Dockerfile copies and a host can use as /opt/hypeman"; return ;;
    *) die "publish does not take '$1'" ;;
  esac
  setup_run
  local out=$cache/publish
  step "Publishing to $out"
  rm -rf "$out.new"
  quietly publish-server dotnet publish src/Silo -c "$configuration" -r linux-x64 --self-contained -o "$out.new/server" -v q -nologo
  quietly publish-cli dotnet publish src/Cli -c "$configuration" -r linux-x64 --self-contained -o "$out.new/cli" -v q -nologo
  cp -a "$cache/kernel" "$cache/guest" "$out.new/"
  rm -rf "$out"; mv "$out.new" "$out"
}
