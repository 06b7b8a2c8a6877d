# A fleet for the time of one command: its own data directory, its own network namespace, gone when the command ends.
. scripts/up.sh
. scripts/down.sh

# fleet_of_our_own WORD: starts it; exports HYPEMAN_BASE_URL and HYPEMAN_API_KEY.
fleet_of_our_own() {
  fleet_data=$(mktemp -d "${TMPDIR:-/tmp}/hypeman-$1.XXXXXX")
  fleet_netns=hypeman-$1-$$
  trap fleet_clean EXIT
  trap 'exit 130' INT TERM
  ip netns add "$fleet_netns"
  ip -n "$fleet_netns" link set lo up
  local vars; vars=$(verb_up --detach --data "$fleet_data" --netns "$fleet_netns")
  export $vars
}

in_fleet() { nsenter "--net=/run/netns/$fleet_netns" -- "$@"; }

fleet_clean() {
  verb_down --data "$fleet_data" || { say "cleaning up failed: $fleet_data is kept"; return; }
  ip netns del "$fleet_netns" 2> /dev/null || true
  rm -rf "$fleet_data"
}
