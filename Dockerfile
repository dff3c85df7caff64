# The one image: control plane, sidecar, gateway and the container that redirects. Build: docker build -t HUB/pelagos:TAG .
# The same folder of files makes the image of the lab (scripts/image/lab-image.mjs).
ARG NODE=node:24-bookworm-slim
ARG ENVOY=envoyproxy/envoy:v1.40.0
ARG DEBIAN=debian:12-slim

FROM ${NODE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm install --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/generate-envoy-types.mjs && node scripts/image/rootfs.mjs /rootfs

FROM ${ENVOY} AS envoy

FROM ${DEBIAN}
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates curl iproute2 iptables nftables \
  && rm -rf /var/lib/apt/lists/* \
  && groupadd --gid 1337 istio-proxy \
  && useradd --uid 1337 --gid 1337 --no-create-home --shell /usr/sbin/nologin istio-proxy
COPY --from=envoy /usr/local/bin/envoy /usr/local/bin/envoy
COPY --from=build /rootfs /
WORKDIR /app
# Not the proxies' own user id, whose calls are not redirected; pods of proxies and istiod say theirs.
USER 65532:65532
ENTRYPOINT ["/app/bin/pelagos"]
CMD ["discovery"]
