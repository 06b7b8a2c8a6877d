# Prints an API token; all options are the server's own.
verb_token() {
  [ -x "$server" ] || die "the server is not built: run ./dev setup"
  case " $* " in *' --data '*) ;; *) set -- --data "$root/.data" "$@" ;; esac
  exec "$server" token "$@"
}
