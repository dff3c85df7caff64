#!/usr/bin/env bash
# A best-practice article on running one mesh over several clusters, command by command, in its order. Only the download of
# istioctl is left out, and the article's `service` is played by ./service.yaml.
#
# Needs: two clusters in the kubeconfig, in contexts named by FIRST and SECOND; kubectl and istioctl (bin/istioctl of this
# project) on the PATH; IMAGE, HUB and TAG where the image is not to be the published one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
FIRST=${FIRST:-cluster1} SECOND=${SECOND:-cluster2}
export IMAGE=${IMAGE:-docker.io/pelagos/pelagos:0.1.0}
# Every istioctl below takes the image from here, where it is another one.
istioctl() { command istioctl "$@" ${HUB:+--set hub="$HUB"} ${TAG:+--set tag="$TAG"}; }
install() { istioctl install "$@"; }
show() { printf '\n$ %s\n' "$*" >&2; "$@"; }

# Clusters are contexts of kubectl.
[ "$FIRST" = cluster1 ] || show kubectl config rename-context "$FIRST" cluster1
[ "$SECOND" = cluster2 ] || show kubectl config rename-context "$SECOND" cluster2
show kubectl config get-contexts

# Install on each cluster, and let the namespace's pods have sidecars.
for cluster in cluster1 cluster2; do
  show kubectl config use-context $cluster
  show istioctl install --set profile=default -y
  show kubectl label namespace default istio-injection=enabled
done

# The first is the primary, the second is served by it.
show kubectl config use-context cluster1
show istioctl install -f cluster1-values.yaml -y
CLUSTER1_ISTIOD=$(kubectl --context cluster1 get svc istiod -n istio-system -o jsonpath='{.spec.clusterIP}')
export CLUSTER1_ISTIOD
show kubectl config use-context cluster2
show istioctl install -f cluster2-values.yaml -y

# Your service, in both clusters.
for cluster in cluster1 cluster2; do
  sed -e "s|\${IMAGE}|$IMAGE|; s|\${CLUSTER}|$cluster|" service.yaml | show kubectl --context $cluster apply -f -
done

# Each finds the other's services; traffic, mutual TLS and who may call.
show kubectl --context cluster1 apply -f cluster1/service-discovery.yaml
show kubectl --context cluster2 apply -f cluster2/service-discovery.yaml
show kubectl --context cluster1 apply -f cluster1/virtual-service.yaml
show kubectl --context cluster1 apply -f cluster1/destination-rule.yaml
show kubectl --context cluster2 apply -f cluster2/virtual-service.yaml
for cluster in cluster1 cluster2; do
  show kubectl --context $cluster apply -f $cluster/peer-authentication.yaml
  show kubectl --context $cluster apply -f $cluster/authorization-policy.yaml
done
show kubectl --context cluster1 apply -f multi-region/global-service.yaml
show kubectl --context cluster1 apply -f hybrid-cloud/cloud-service.yaml
for cluster in cluster1 cluster2; do
  kubectl --context $cluster rollout status deployment/service deployment/service-v2 --timeout=180s
done

# Look at it.
show kubectl --context cluster1 get pods -n istio-system
show istioctl --context cluster1 proxy-config endpoints deployment/service
show kubectl --context cluster1 exec deployment/service -- curl -sS http://service.cluster2
show kubectl --context cluster1 logs -n istio-system deployment/istiod
