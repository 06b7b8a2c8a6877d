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
  publish_program server src/Silo "$out.new/server" --self-contained
  publish_program cli src/Cli "$out.new/cli" --self-contained
  cp -a "$cache/kernel" "$cache/guest" "$out.new/"
  rm -rf "$out"; mv "$out.new" "$out"
}
