# Stops the fleet of a data directory with its VMs and removes every process, namespace, TAP and mount it made.
verb_down() {
  local data=$root/.data
  while [ $# -gt 0 ]; do
    case "$1" in
      --data) [ $# -gt 1 ] || die "--data needs a value"; data=$(readlink -m "$2"); shift ;;
      -h | --help) say "Usage: ./dev down [--data DIR]   images, disks and records stay in DIR"; return ;;
      *) die "down does not take '$1'; see ./dev down --help" ;;
    esac
    shift
  done
  need_root
  [ -d "$data" ] || { say "there is no fleet in $data"; return; }
  [ -x "$server" ] || die "the server is not built: run ./dev setup"
  "$server" down --data "$data" >&2
}
