# Benchmarks against a fleet of their own, in a network namespace of its own. Each ends in one line of key=value pairs.
. scripts/own-fleet.sh

bench_usage() {
  cat >&2 <<'TEXT'
Usage: ./dev bench boot [--runs N]
       ./dev bench restore | wake | standby | fork | codec [--runs N]
       ./dev bench ingress [--runs N] [--seconds N] [--routes N] [--tls]
       ./dev bench storage [--seconds N]
       ./dev bench fleet [--nodes N] [--instances N] [--silos N] [--clients N] [--json]

  boot     raw QEMU against POST /instances, same kernel, initramfs and root, in turn
  restore  raw QEMU from the same saved memory against POST restore and virsh restore, until the agent answers
  wake     POST restore against requests that wake the same guest, one and a hundred at once
  standby  QEMU's own migrate into a file against POST standby; the second time, and the bytes written
  fork     1, 10 and 25 forks of a running guest against as many boots; what of memory and disk is its own
  codec    our compression of a guest's memory against the tools zstd and lz4
  ingress  our ingress against caddy and nginx, same backend, in turn, with 1 and 64 connections and with many routes
  storage  creates a second that the index takes, on SQLite and on a PostgreSQL of its own
  fleet    a thousand simulated nodes and a hundred thousand instances on a cluster of silos and a
           PostgreSQL of its own: creates a second, calls, memory, cold start; ten minutes, or a short
           look with --instances 2000
TEXT
}

verb_bench() {
  case "${1:-}" in
    boot | standby | fork | wake) ;;
    codec | restore) need_packages "$1" ;;
    ingress) bench_ingress "$@"; return ;;
    storage) bench_storage "$@"; return ;;
    fleet) bench_fleet "$@"; return ;;
    -h | --help | '') bench_usage; return ;;
    *) bench_usage; die "there is no benchmark '$1'" ;;
  esac
  setup_run
  build Bench.slnf
  fleet_of_our_own bench
  in_fleet "$root/bench/bin/$configuration/net10.0/hypeman-bench" "$@" --data "$fleet_data" \
    --kernel-dir "$cache/kernel" --guest-binary "$cache/guest/hypeman-guest"
}

bench_ingress() {
  setup_run
  need_packages ingress
  build Bench.slnf
  # On a loopback of its own.
  unshare --net -- sh -c 'ip link set lo up; exec "$0" "$@"' "$root/bench/bin/$configuration/net10.0/hypeman-bench" "$@"
}

bench_storage() {
  setup_run
  need_packages fleet
  build Bench.slnf
  local bench=$root/bench/bin/$configuration/net10.0/hypeman-bench
  step "SQLite"
  "$bench" "$@"
  step "PostgreSQL"
  pg_virtualenv sh -c '"$0" "$@" --database "Host=$PGHOST;Port=$PGPORT;Username=$PGUSER;Password=$PGPASSWORD;Database=postgres"' "$bench" "$@"
}

# With the settings of a server that keeps what it acknowledged: pg_virtualenv alone would not wait for the disk. Nothing
# is encrypted on the way to it, as nobody listens on this machine's loopback; between silos it is.
bench_fleet() {
  setup_run
  need_packages fleet
  build Bench.slnf
  pg_virtualenv -o fsync=on -o ssl=off -o max_connections=200 sh -c \
    '"$0" "$@" --database "Host=$PGHOST;Port=$PGPORT;Username=$PGUSER;Password=$PGPASSWORD;Database=postgres"' \
    "$root/bench/bin/$configuration/net10.0/hypeman-bench" "$@"
}
