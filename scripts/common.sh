# Shared by the verbs of ./dev: words to the user, and where things are kept.
root=$PWD
cache=$root/.cache
configuration=Release
server=$cache/server/hypeman-silo
cli=$root/src/Cli/bin/$configuration/net10.0/hypeman

# All talk goes to stderr: stdout belongs to what a script may want to read.
say() { printf '%s\n' "$*" >&2; }
step() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'dev: %s\n' "$*" >&2; exit 1; }

need_root() {
  [ "$(id -u)" = 0 ] || die "this needs root (network namespaces, TAP devices, packages): run 'sudo ./dev ...'"
}

# A digest of files, to tell whether something made from them is still good.
digest_of() {
  find "$@" -type f -not -path '*/bin/*' -not -path '*/obj/*' -not -path '*/node_modules/*' -print0 \
    | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}

# Runs a command unless its inputs are as they were when it last succeeded: unless_done NAME DIGEST COMMAND...
unless_done() {
  local stamp=$cache/stamps/$1 digest=$2; shift 2
  [ "$(cat "$stamp" 2>/dev/null)" != "$digest" ] || return 0
  "$@"
  mkdir -p "$cache/stamps"; printf '%s' "$digest" > "$stamp"
}

# Runs a long command with its output in a file, shown only when it fails.
quietly() {
  local log; mkdir -p "$cache/log"; log=$cache/log/$1.log; shift
  "$@" > "$log" 2>&1 || { tail -n 40 "$log" >&2; die "that failed; the whole output is in $log"; }
}
