# A root with systemd in it, from the packages of this machine's own distribution: the image that the tests boot as a
# whole system. Nothing of it is installed here.

need_systemd_root() {
  unless_done systemd "$(systemd_version)" make_systemd_root
}

systemd_version() { apt-cache policy systemd-sysv | awk '$1 == "Candidate:" { print $2 }'; }

make_systemd_root() {
  local made=$cache/systemd.new
  step "Test image with systemd: fetching its packages (unpacked into .cache/systemd, not installed)"
  rm -rf "$made" "$cache/systemd"; mkdir -p "$made/archives/partial" "$made"/root/usr/{bin,sbin,lib,lib64}
  quietly systemd fetch_systemd "$made/archives"
  # All releases that are left have their programs under /usr; packages of some still name the old folders.
  for name in bin sbin lib lib64; do ln -s "usr/$name" "$made/root/$name"; done
  for deb in "$made"/archives/*.deb; do unpack_without_papers "$deb" "$made/root"; done
  tar -C "$made/root" --sort=name --numeric-owner --owner=0 --group=0 -cf "$made/root.tar" .
  rm -rf "$made/archives" "$made/root"; mv "$made" "$cache/systemd"
}

# With all that it depends on, as if nothing were installed: no state of this machine's packages is read or written.
fetch_systemd() {
  apt-get install --download-only --no-install-recommends -y -o Dir::State::status=/dev/null -o "Dir::Cache::archives=$1" \
    -o APT::Sandbox::User=root -o Debug::NoLocking=1 systemd-sysv
}

unpack_without_papers() {
  dpkg-deb --fsys-tarfile "$1" \
    | tar -C "$2" -x --keep-directory-symlink --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*'
}
