# image_store TAR...: a folder that a node's containerd begins with, these images in it. Made once and kept in the cache, as unpacking
# costs every node several seconds. Sourced by up.sh.
image_store() {
  local key store
  key=$(stat -c '%n %s %Y' "$@" | sha256sum | cut -c1-12)
  store=$STORES/$key
  [ -d "$store" ] || make_image_store "$store" "$@" || return 1
  touch "$store"
  # Images of earlier checkouts; nodes that run have links of their own.
  find "$STORES" -mindepth 1 -maxdepth 1 -mmin +1440 -exec rm -rf --one-file-system {} +
  echo "$store"
}

make_image_store() { # FOLDER TAR...: by a containerd of its own, which ends before anybody copies its files
  local store=$1 work pid tar
  shift
  mkdir -p "$STORES"
  work=$(mktemp -d "$STORES/new.XXXXXX")
  cat >"$work/containerd.toml" <<TOML
version = 2
root = "$work/root"
state = "$work/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$work/socket"
TOML
  containerd -c "$work/containerd.toml" >"$work/log" 2>&1 &
  pid=$!
  for ((n = 0; n < 100; n++)); do ctr -a "$work/socket" version >/dev/null 2>&1 && break; sleep 0.1; done
  for tar in "$@"; do
    import_into "$work/socket" "$tar" || { kill "$pid"; cat "$work/log" >&2; rm -rf "$work"; return 1; }
  done
  kill "$pid"
  wait "$pid" || true
  mv "$work/root" "$store"
  rm -rf "$work"
}
