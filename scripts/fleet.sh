# A fleet of many hosts on this machine: PostgreSQL, two control processes with the API, and nodes with ingress. Each is
# in a network namespace of its own, joined by a virtual switch, so that one can be cut off or killed like a real host.
. scripts/up.sh

fleet_subnet=10.98.0
fleet_word=hypeman-fleet

fleet_usage() {
  cat >&2 <<'TEXT'
Usage: ./dev fleet up N [--data DIR] [--netns NAME]   start it with N nodes; prints HYPEMAN_BASE_URL and HYPEMAN_API_KEY
       ./dev fleet status [--json]                    its processes and its nodes
       ./dev fleet stop MEMBER | start MEMBER         one of db, c1, c2, n1, n2 ...; VMs of a stopped node run on
       ./dev fleet down                               stop it with its VMs; images, disks and records stay in DIR

  --data DIR    where everything is kept (default .fleet)
  --netns NAME  the namespace that takes the place of this host
TEXT
}

verb_fleet() {
  local action=${1:-help}; shift || true
  local data=$root/.fleet host='' json='' words=()
  while [ $# -gt 0 ]; do
    case "$1" in
      --data | --netns)
        [ $# -gt 1 ] || die "$1 needs a value"
        if [ "$1" = --data ]; then data=$(readlink -m "$2"); else host=$2; fi
        shift ;;
      --json) json=--json ;;
      -h | --help) action=help ;;
      -*) fleet_usage; die "fleet does not take '$1'" ;;
      *) words+=("$1") ;;
    esac
    shift
  done
  case "$action" in
    up) fleet_up "${words[@]}" ;;
    status) fleet_status ;;
    start | stop) fleet_member "$action" "${words[@]}" ;;
    down) fleet_down ;;
    help | -h | --help) fleet_usage ;;
    *) fleet_usage; die "fleet does not know '$action'" ;;
  esac
}

fleet_up() {
  [[ "${1:-}" =~ ^[1-9][0-9]?$ && $# = 1 ]] || die "say how many nodes: ./dev fleet up 3"
  [ -z "$host" ] || [ -e "/run/netns/$host" ] || die "there is no network namespace '$host': make it with 'ip netns add $host'"
  [ ! -e "/run/netns/$fleet_word-switch" ] || die "a fleet is up already: ./dev fleet down"
  setup_run
  need_packages fleet
  (umask 077; mkdir -p "$data")
  printf '%s\n' "$1" > "$data/nodes"
  trap 'fleet_down' EXIT
  trap 'exit 130' INT TERM
  fleet_switch
  local member
  for member in $(fleet_members); do fleet_join "$member"; done
  fleet_identities
  step "Starting PostgreSQL"
  fleet_start db
  step "Starting the control processes"
  fleet_start c1
  fleet_start c2
  step "Starting $1 nodes"
  for member in $(fleet_nodes); do fleet_start "$member"; done
  trap - EXIT
  printf 'HYPEMAN_BASE_URL=http://%s:8080\nHYPEMAN_API_KEY=%s\n' "$(fleet_address c1)" "$("$server" token --data "$data/c1" --cluster-identity "$data/c1/identity")"
}

fleet_nodes() { seq -f 'n%g' 1 "$(cat "$data/nodes")"; }
fleet_members() { printf 'db\nc1\nc2\n'; fleet_nodes; }

fleet_address() {
  case "$1" in
    db) printf '%s.2' "$fleet_subnet" ;;
    c*) printf '%s.%d' "$fleet_subnet" $((10 + ${1#c})) ;;
    n*) printf '%s.%d' "$fleet_subnet" $((20 + ${1#n})) ;;
  esac
}

# The switch, and a cable from this host to it: only so can the API be reached from here.
fleet_switch() {
  ip netns add "$fleet_word-switch"
  ip -n "$fleet_word-switch" link set lo up
  ip -n "$fleet_word-switch" link add switch type bridge
  ip -n "$fleet_word-switch" link set switch up
  if [ -n "$host" ]; then ip -n "$host" link add hyfleet0 type veth peer name host netns "$fleet_word-switch"
  else ip link add hyfleet0 type veth peer name host netns "$fleet_word-switch"; fi
  ip -n "$fleet_word-switch" link set host master switch up
  ip ${host:+-n "$host"} address add "$fleet_subnet.1/24" dev hyfleet0
  ip ${host:+-n "$host"} link set hyfleet0 up
}

# A namespace for a member, with a cable to the switch. The host's end is its way out.
fleet_join() {
  local name=$fleet_word-$1
  ip netns add "$name"
  ip -n "$name" link set lo up
  ip -n "$name" link add eth0 type veth peer name "$1" netns "$fleet_word-switch"
  ip -n "$fleet_word-switch" link set "$1" master switch up
  ip -n "$name" address add "$(fleet_address "$1")/24" dev eth0
  ip -n "$name" link set eth0 up
  ip -n "$name" route add default via "$fleet_subnet.1"
}

# Each process has a certificate of the fleet's CA, which is made once.
fleet_identities() {
  local member
  [ -e "$data/ca" ] || "$server" cluster init --out "$data/ca" > /dev/null
  for member in $(fleet_members); do
    [ "$member" = db ] || [ -e "$data/$member/identity" ] || {
      (umask 077; mkdir -p "$data/$member")
      "$server" cluster issue --ca "$data/ca" --name "$member" --address "$(fleet_address "$member")" --out "$data/$member/identity" > /dev/null
    }
  done
}

fleet_start() {
  local member=$1 roles
  case "$member" in
    db) fleet_start_database; return ;;
    c*) roles=control,gateway ;;
    n*) roles=node,ingress,gateway ;;
  esac
  # A new cable carries nothing for a moment.
  timeout 10 nsenter "--net=/run/netns/$fleet_word-$member" -- \
    bash -c 'until { : > "/dev/tcp/$0/5432"; } 2> /dev/null; do sleep 0.1; done' "$(fleet_address db)" \
    || die "$member does not reach PostgreSQL at $(fleet_address db)"
  # In its namespace, under its own host name.
  start_server "$data/$member/server.log" nsenter "--net=/run/netns/$fleet_word-$member" -- \
    unshare --uts -- sh -c 'hostname "$0"; exec "$@"' "$member" \
    "$server" --data "$data/$member" --roles "$roles" \
    --database "postgres://hypeman@$(fleet_address db)/hypeman" \
    --cluster-identity "$data/$member/identity" --cluster-address "$(fleet_address "$member")" \
    --api-address '*' --api-port 8080 --ingress-port 80 \
    --kernel-dir "$cache/kernel" --guest-binary "$cache/guest/hypeman-guest" \
    || die "$member did not start; the whole log is in $data/$member/server.log"
}

fleet_start_database() {
  local bin; bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  local store=$data/db fresh=''
  if [ ! -e "$store/data" ]; then
    fresh=1
    install -d -m 0700 -o postgres -g postgres "$store"
    # The way to its directory: the one above is for root only.
    chmod o+x "$data"
    setpriv --reuid=postgres --regid=postgres --clear-groups test -x "$store" \
      || die "the user postgres cannot reach $store; give a directory that it can: ./dev fleet up N --data DIR"
    fleet_postgres "$bin/initdb" -D "$store/data" -U postgres -A trust -E UTF8 > "$data/initdb.log" \
      || { tail "$data/initdb.log" >&2; die "PostgreSQL's files could not be made in $store"; }
    printf 'host hypeman hypeman %s.0/24 trust\n' "$fleet_subnet" >> "$store/data/pg_hba.conf"
  fi
  fleet_postgres "$bin/pg_ctl" start -w -s -D "$store/data" -l "$store/server.log" \
    -o "-k $store -c listen_addresses=$(fleet_address db) -c max_connections=300" \
    || { tail "$store/server.log" >&2; die "PostgreSQL did not start"; }
  [ -z "$fresh" ] || fleet_postgres "$bin/psql" -q -h "$store" -c 'CREATE ROLE hypeman LOGIN' -c 'CREATE DATABASE hypeman OWNER hypeman'
}

fleet_postgres() { (cd / && nsenter "--net=/run/netns/$fleet_word-db" -- setpriv --reuid=postgres --regid=postgres --clear-groups "$@"); }

fleet_member() {
  need_up
  [ $# = 2 ] && grep -qx "$2" <<< "$(fleet_members)" || die "say which one: $(fleet_members | tr '\n' ' ')"
  if [ "$1" = start ]; then fleet_start "$2"; else fleet_stop "$2"; fi
}

# Ends a member's process; VMs run on.
fleet_stop() {
  if [ "$1" = db ]; then
    fleet_postgres "$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)/pg_ctl" stop -s -m fast -D "$data/db/data"
  else
    local pid; pid=$(fleet_pid "$1") || die "$1 does not run"
    kill -TERM "$pid"
    tail --pid="$pid" -f /dev/null
  fi
}

# The process of a member; fails when it does not run. One that was killed has left its file behind.
fleet_pid() {
  local pid
  if [ "$1" = db ]; then pid=$(head -n 1 "$data/db/data/postmaster.pid" 2> /dev/null)
  else pid=$(sed -nE 's/.*"pid": ?([0-9]+).*/\1/p' "$data/$1/server.json" 2> /dev/null); fi
  [ -n "$pid" ] && kill -0 "$pid" 2> /dev/null && printf '%s' "$pid"
}

need_up() { [ -e "$data/nodes" ] && [ -e "/run/netns/$fleet_word-switch" ] || die "no fleet is up: ./dev fleet up 3"; }

fleet_status() {
  need_up
  local member up
  [ -n "$json" ] || for member in $(fleet_members); do
    if fleet_pid "$member" > /dev/null; then up=up; else up=down; fi
    printf '%-4s %-12s %-5s %s\n' "$member" "$(fleet_address "$member")" "$up" "$data/$member"
  done
  HYPEMAN_BASE_URL=http://$(fleet_address c1):8080 \
    HYPEMAN_API_KEY=$("$server" token --data "$data/c1" --cluster-identity "$data/c1/identity") \
    ${host:+nsenter "--net=/run/netns/$host" --} "$cli" node ls $json
}

fleet_down() {
  trap - EXIT
  need_root
  [ -e "$data/nodes" ] || { say "there is no fleet in $data"; return; }
  local member
  for member in $(fleet_members); do
    [ "$member" = db ] || [ ! -e "$data/$member/node-id" ] || "$server" down --data "$data/$member" >&2 || true
  done
  ! fleet_pid db > /dev/null || fleet_stop db || true
  for member in switch $(fleet_members); do ip netns del "$fleet_word-$member" 2> /dev/null || true; done
}
