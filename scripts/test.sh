# Runs the test projects one after the other, fast ones first, and adds up their counts.
. scripts/setup.sh

test_projects='Repo GuestProtocol GuestAgent Certificates Storage Ingress Cli Gateway Grains Silo NodeRuntime EndToEnd'

test_usage() {
  cat >&2 <<TEXT
Usage: ./dev test [PROJECT...] [-- OPTIONS]

Runs all test projects, or the named ones: $test_projects
OPTIONS go to the test runner, for example: ./dev test Grains -- -method '*Delete_wins*'
TEXT
}

verb_test() {
  local projects=() options=() project
  while [ $# -gt 0 ]; do
    case "$1" in
      -h | --help) test_usage; return ;;
      --) shift; options=("$@"); break ;;
      *) [[ " $test_projects " == *" $1 "* ]] || { test_usage; die "there is no test project '$1'"; }
         projects+=("$1") ;;
    esac
    shift
  done
  [ ${#projects[@]} -gt 0 ] || read -ra projects <<< "$test_projects"
  setup_run
  setup_tests
  export HYPEMAN_KERNEL_DIR=$cache/kernel HYPEMAN_GUEST_BINARY=$cache/guest/hypeman-guest HYPEMAN_SERVER=$server
  export HYPEMAN_CLI=$cli
  passed=0 failed=0 skipped=0
  for project in "${projects[@]}"; do run_tests "$project" "${options[@]}"; done
  show_slowest "${projects[@]}"
  [ "$failed" = 0 ] || repeat_failures "${projects[@]}"
  printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

# A runner that crashes before it can count is one failure.
run_tests() {
  local project=$1; shift
  local log=$cache/log/test-$project.log summary
  mkdir -p "$cache/log"
  step "Tests of $project"
  "tests/$project/bin/$configuration/net10.0/Hypeman.$project.Tests" -noLogo -noColor -reporter verbose "$@" 2>&1 | tee "$log" | show_failures || true
  summary=$(grep -E 'Total: [0-9]+, Errors' "$log" | tail -n 1) || true
  if [ -z "$summary" ]; then failed=$((failed + 1)); tail -n 20 "$log" >&2; say "    $project ended without a summary"; return; fi
  count() { sed -nE "s/.*$1: ([0-9]+).*/\1/p" <<< "$summary"; }
  local bad=$(($(count Errors) + $(count Failed))) left_out=$(($(count Skipped) + $(count 'Not Run')))
  passed=$((passed + $(count Total) - $(count Failed) - left_out)) failed=$((failed + bad)) skipped=$((skipped + $(count Skipped)))
  say "    $(count Total) tests, $bad failed, $(count Skipped) skipped, $(sed -nE 's/.*Time: ([0-9.]+s).*/\1/p' <<< "$summary")"
}

# What failed, once more at the end, where it is found.
repeat_failures() {
  local project
  step "What failed"
  for project in "$@"; do
    awk '/^    [^ ]/ { shown = /\[FAIL\]$|^    \[.*Failure/ ? 25 : 0 } shown-- > 0 && /^    /' "$cache/log/test-$project.log" | cut -c -300 >&2
  done
}

show_slowest() {
  local project
  step "The slowest tests, in seconds"
  for project in "$@"; do
    sed -nE 's/^    Hypeman\.Tests\.(.*) \[FINISHED\] Time: ([1-9][0-9]*)\.[0-9]+s$/\2 \1/p' "$cache/log/test-$project.log"
  done | sort -rn | sed -n 1,20p | cut -c -150 | sed 's/^/    /' >&2
}

show_failures() {
  grep --line-buffered -vE '^ *(Discovering|Discovered|Starting|Finished): |Total: |^xUnit|^===|\[(STARTING|FINISHED)\]' >&2
}
