# Breaks a fleet of real VMs again and again while it is used, and checks that nothing is lost, doubled or leaked.
. scripts/setup.sh

verb_chaos() {
  setup_run
  need_packages fleet
  need_packages chaos
  build Chaos.slnf
  exec "$root/tests/Chaos/bin/$configuration/net10.0/hypeman-chaos" "$@"
}
