# The main job, from nothing: image, push, instance, exec, logs, ingress.
. scripts/own-fleet.sh

verb_demo() {
  case "${1:-}" in
    -h | --help) say "Usage: ./dev demo [--json]   runs in a data directory and a network namespace of its own"; return ;;
  esac
  setup_run
  fleet_of_our_own demo
  in_fleet "$root/demo/bin/$configuration/net10.0/hypeman-demo" --ingress-url http://127.0.0.1:80 "$@"
}
