import type { RequestListener } from 'node:http';
import type { Metrics } from '../../observe/index.ts';

/** Port 15014, for kubelets and Prometheus: `/healthz`, `/ready`, `/metrics`, `/version`. Nothing on it tells a secret. */
export function monitoring(of: {
  readonly metrics: Metrics;
  /** Why it is not ready; undefined where it is. */
  readonly notReady: () => string | undefined;
  readonly version: string;
}): RequestListener {
  return (request, response) => {
    const answer = (status: number, type: string, text: string): void => {
      response.writeHead(status, { 'content-type': type }).end(text);
    };
    if (request.method !== 'GET') return answer(405, 'text/plain', 'only GET\n');
    switch (request.url?.split('?')[0]) {
      case '/healthz':
        return answer(200, 'text/plain', 'ok\n');
      case '/ready': {
        const reason = of.notReady();
        return reason === undefined ? answer(200, 'text/plain', 'ready\n') : answer(503, 'text/plain', `${reason}\n`);
      }
      case '/version':
        return answer(200, 'application/json', JSON.stringify({ version: of.version }));
      case '/metrics':
        of.metrics.text().then(
          (text) => answer(200, of.metrics.contentType, text),
          () => answer(500, 'text/plain', 'the metrics could not be read\n'),
        );
        return;
      default:
        return answer(404, 'text/plain', 'there are /healthz, /ready, /metrics and /version\n');
    }
  };
}
