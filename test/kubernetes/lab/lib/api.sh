# lab api CLUSTER stop|start|freeze|thaw: an API server that is gone, or that hangs; etcd and the nodes go on
. "$(dirname "$0")/common.sh"
need_root; need_up
[ $# = 2 ] || fail "usage: lab api CLUSTER stop|start|freeze|thaw"
name=kube-apiserver-$1 pid_file=$STATE/pids/kube-apiserver-$1
[ -f "$pid_file" ] || fail "no such cluster: $1 (clusters: $(cut -d' ' -f2 "$STATE/clusters" | xargs))"
running() { alive "$pid_file" || fail "the API server of $1 doesn't run: lab api $1 start"; }
pid=$(cut -d' ' -f1 "$pid_file")
case $2 in
  stop) running "$1"; kill -9 "$pid" ;;
  freeze) running "$1"; kill -STOP "$pid" ;;
  thaw) running "$1"; kill -CONT "$pid" ;;
  start)
    ! alive "$pid_file" || fail "the API server of $1 runs"
    mapfile -d '' -t command <"$STATE/commands/$name"
    start "$name" "${command[@]}" ;;
  *) fail "unknown: $2" ;;
esac
say "$1: API server $2"
