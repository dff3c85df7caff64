# lab link CLUSTER CLUSTER cut|heal: drops what two clusters' pods and nodes send each other; API servers stay reachable
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/network.sh"
need_root; need_up
[ $# = 3 ] || fail "usage: lab link CLUSTER CLUSTER cut|heal"
number() { awk -v name="$1" '$2 == name { print $1 }' "$STATE/clusters"; }
i=$(number "$1") j=$(number "$2")
[ -n "$i" ] && [ -n "$j" ] || fail "no such clusters: $1, $2"
# Nodes are neighbours on the bridge; what is for a LoadBalancer address or a pod goes through the router, in the
# direction of the request at least.
drop() { router nft add rule ip k8slab "$3" ip saddr "{ $(pod_cidr "$1"), $(node_subnet "$1") }" ip daddr "{ $(lb_cidr "$2"), $(pod_cidr "$2") }" drop; }
low=$((i < j ? i : j)) high=$((i < j ? j : i))
chain=cut-$low-$high
case $3 in
  cut)
    router nft add chain ip k8slab "$chain" '{ type filter hook forward priority -1; }'
    router nft flush chain ip k8slab "$chain"
    drop "$i" "$j" "$chain"; drop "$j" "$i" "$chain" ;;
  heal) router nft flush chain ip k8slab "$chain"; router nft delete chain ip k8slab "$chain" ;;
  *) fail "unknown: $3" ;;
esac
say "$1 - $2: link $3"
