# Starts a one-node fleet: every role in one process, an embedded database.
. scripts/setup.sh

start_seconds=120

up_usage() {
  cat >&2 <<'TEXT'
Usage: ./dev up [options]

  --detach                 return once the fleet answers; print HYPEMAN_BASE_URL and HYPEMAN_API_KEY for eval
  --data DIR               where everything is kept (default .data)
  --api-port PORT          REST API, registry and dashboard (default 8080)
  --ingress-port PORT      customers' HTTP traffic (default 80)
  --ingress-tls-port PORT  customers' HTTPS traffic (default 443), by a CA of our own whose certificate is DIR/development-ca.crt
  --metrics-port PORT      /metrics for Prometheus (default 9464)
  --netns NAME             run inside this network namespace (ip netns add NAME, with its lo up)
TEXT
}

verb_up() {
  local detach='' data=$root/.data api_port=8080 ingress_port=80 metrics_port=9464 tls_port=443 netns=''
  while [ $# -gt 0 ]; do
    case "$1" in
      --detach) detach=1 ;;
      --data | --api-port | --ingress-port | --ingress-tls-port | --metrics-port | --netns)
        [ $# -gt 1 ] || die "$1 needs a value"
        case "$1" in
          --data) data=$(readlink -m "$2") ;;
          --api-port) api_port=$2 ;;
          --ingress-port) ingress_port=$2 ;;
          --ingress-tls-port) tls_port=$2 ;;
          --metrics-port) metrics_port=$2 ;;
          --netns) netns=$2 ;;
        esac
        shift ;;
      -h | --help) up_usage; return ;;
      *) up_usage; die "up does not take '$1'" ;;
    esac
    shift
  done
  [ -z "$netns" ] || [ -e "/run/netns/$netns" ] || die "there is no network namespace '$netns': make it with 'ip netns add $netns'"
  setup_run
  local command=("$server" --data "$data" --api-port "$api_port" --metrics-port "$metrics_port"
    --ingress-port "$ingress_port" --ingress-tls-port "$tls_port" --acme-ca development
    --kernel-dir "$cache/kernel" --guest-binary "$cache/guest/hypeman-guest")
  # Not 'ip netns exec': it would hide from us the mounts that name the node's own namespace.
  [ -z "$netns" ] || command=(nsenter "--net=/run/netns/$netns" -- "${command[@]}")
  if [ -z "$detach" ]; then exec "${command[@]}"; fi
  up_detached
}

# Uses the variables of verb_up.
up_detached() {
  local log=$data/server.log url=http://127.0.0.1:$api_port
  (umask 077; mkdir -p "$data")
  step "Starting the fleet (log: $log)"
  start_server "$log" "${command[@]}" || die "the fleet did not start; the whole log is in $log"
  local key; key=$("$server" token --data "$data")
  printf 'HYPEMAN_BASE_URL=%s\nHYPEMAN_API_KEY=%s\n' "$url" "$key"
}

# start_server LOG COMMAND...: starts a server apart from us, and returns once all of it answers.
start_server() {
  local log=$1; shift
  (umask 077; touch "$log")
  local written; written=$(stat -c %s "$log")
  setsid "$@" < /dev/null >> "$log" 2>&1 &
  local pid=$!
  # It says so itself; another server on the same port or directory would answer for it.
  local said reader
  exec {said}< <(exec timeout "$start_seconds" tail -c "+$((written + 1))" -F --pid="$pid" "$log" 2> /dev/null)
  reader=$!
  if ! grep -q -m1 '^Ready:' <&"$said"; then
    kill "$pid" 2> /dev/null || true
    tail -c "+$((written + 1))" "$log" | grep -E '^error: ' | sed -n 1,5p >&2 || tail -n 5 "$log" >&2
    return 1
  fi
  kill "$reader" 2> /dev/null || true
  exec {said}<&-
  disown "$pid"
}
