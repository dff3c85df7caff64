/** A local command line instead of the image's, on a pod template (for the shell). */
export const COMMAND_ANNOTATION = 'pelagos.dev/command';
/** What stands before a pod: `sidecar`, `gateway` or `none`; decided once, when the pod is made. */
export const PROXY_ANNOTATION = 'pelagos.dev/proxy';
/** The ports of a pod ({@link import('./pod-shape.ts').ShapedPort} as JSON); decided once, when the pod is made. */
export const PORTS_ANNOTATION = 'pelagos.dev/ports';
/** Container port to real socket: `{"8080":"127.1.1.1:8080"}`. */
export const SOCKETS_ANNOTATION = 'pelagos.dev/sockets';
/** Which version of its owner's template a pod was made of. */
export const TEMPLATE_HASH_LABEL = 'pod-template-hash';
/** Istio: this pod's proxy speaks mTLS. */
export const TLS_MODE_LABEL = 'security.istio.io/tlsMode';
/** Stands for a part of the fleet's own process (`true`): nothing is started for it. */
export const HOSTED_ANNOTATION = 'pelagos.dev/hosted';
