import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { LogScopes } from '../../observe/index.ts';
import { readBody } from './http-listener.ts';

/** What can be looked at, by path; each is read when it is asked for. */
export type DebugViews = Readonly<Record<string, () => unknown>>;

/**
 * 127.0.0.1:8080 in the pod: status for people who may forward ports to it, which Kubernetes' RBAC decides. Views are JSON;
 * `GET /scopej` and `PUT /scopej/<scope>` (`{"output_level":"debug"}`) are Istio's ControlZ interface for log levels.
 */
export function debugInterface(views: DebugViews, scopes: LogScopes): RequestListener {
  return (request, response) => {
    // A request that breaks off, or a view that fails, must not end the control plane.
    serve({ request, response, views, scopes }).catch((error: unknown) => {
      if (response.headersSent) return void response.destroy();
      const reason = error instanceof Error ? error.message : String(error);
      response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ error: reason }));
    });
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly views: DebugViews;
  readonly scopes: LogScopes;
}

async function serve({ request, response, views, scopes }: Exchange): Promise<void> {
  const path = request.url?.split('?')[0] ?? '/';
  const json = (status: number, value: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
  if (path === '/scopej' && request.method === 'GET') {
    return json(
      200,
      scopes.list().map(({ name, description, level }) => ({ name, description, output_level: level })),
    );
  }
  if (path === '/scopej' && request.method === 'DELETE') {
    scopes.reset();
    return json(200, {});
  }
  const scope = /^\/scopej\/([\w-]+)$/.exec(path)?.[1];
  if (scope && request.method === 'PUT') return await setLevel({ scope, request, scopes, json });
  const view = Object.hasOwn(views, path) ? views[path] : undefined;
  if (!view) return json(404, { error: `there are ${Object.keys(views).join(', ')} and /scopej` });
  if (request.method !== 'GET') return json(405, { error: 'only GET' });
  json(200, view());
}

async function setLevel(of: {
  readonly scope: string;
  readonly request: IncomingMessage;
  readonly scopes: LogScopes;
  readonly json: (status: number, value: unknown) => void;
}): Promise<void> {
  const { scope, request, scopes, json } = of;
  const level = levelIn((await readBody(request)) ?? '');
  if (level !== undefined && scopes.set(scope, level)) return json(202, {});
  json(400, { error: `no scope ${scope}, or no level in {"output_level": "debug"}` });
}

function levelIn(text: string): string | undefined {
  try {
    const { output_level: level } = JSON.parse(text) as { readonly output_level?: unknown };
    return typeof level === 'string' ? level : undefined;
  } catch {
    return undefined;
  }
}
