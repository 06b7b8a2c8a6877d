# The main job, from nothing: image, push, instance, exec, logs, ingress.
. scripts/up.sh

verb_demo() {
  case "${1:-}" in
    -h | --help) say "Usage: ./dev demo [--json]   runs in a data directory and a network namespace of its own"; return ;;
  esac
  setup_run
  demo_data=$(mktemp -d "${TMPDIR:-/tmp}/hypeman-demo.XXXXXX")
  demo_netns=hypeman-demo-$$
  trap demo_clean EXIT
  trap 'exit 130' INT TERM
  ip netns add "$demo_netns"
  ip -n "$demo_netns" link set lo up
  local vars; vars=$(verb_up --detach --data "$demo_data" --netns "$demo_netns")
  export $vars
  nsenter "--net=/run/netns/$demo_netns" -- "$root/demo/bin/$configuration/net10.0/hypeman-demo" \
    --ingress-url http://127.0.0.1:80 "$@"
}

demo_clean() {
  . scripts/down.sh
  verb_down --data "$demo_data" || say "cleaning up failed: $demo_data is kept"
  ip netns del "$demo_netns" 2>/dev/null || true
  rm -rf "$demo_data"
}
