import { diagnose } from '../../diagnostics/index.ts';
import { ApiError } from '../../kubernetes-api/index.ts';
import { CliError, diagnosedError } from '../cli-error.ts';

/** `pods is forbidden: User "x" cannot list resource "pods" in API group "" in the namespace "default"`. */
const FORBIDDEN = /cannot (\S+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)")?/;

/** What a person is told of an error, where it is one that can be explained. */
export function explainError(error: unknown): CliError | undefined {
  if (error instanceof CliError) return error;
  return error instanceof ApiError ? explainApiError(error) : undefined;
}

/** What the API server refused; undefined where it is only that nobody answers behind it. */
export function explainRefusal(error: unknown): CliError | undefined {
  return error instanceof ApiError && error.status > 0 ? explainApiError(error) : undefined;
}

export function explainApiError(error: ApiError): CliError {
  const { status, message, reason } = error;
  if (status === 403) return forbidden(message);
  if (status === 401) return diagnosedError(diagnose('PEL7109', { problem: reason }));
  if (reason === 'InvalidKubeconfig' || reason === 'NoSuchContext') {
    return diagnosedError(diagnose('PEL7112', { problem: message }));
  }
  if (status === 0) return diagnosedError(diagnose('PEL7103', { problem: message }));
  return new CliError({
    code: `http-${status}`,
    what: message,
    why: 'The API server does not do what it was asked.',
    remedy: 'Read what it says; it may be of a version that this command does not know.',
  });
}

function forbidden(message: string): CliError {
  const { verb, resource, namespace } = refusedRight(message);
  return diagnosedError(
    diagnose('PEL7104', {
      verb,
      resource,
      where: namespace === undefined ? ' in the whole cluster' : ` in namespace ${namespace}`,
      flag: namespace === undefined ? ' -A' : ` -n ${namespace}`,
      said: message.replace(/^.*? with 403: /, ''),
    }),
  );
}

interface Right {
  readonly verb: string;
  readonly resource: string;
  readonly namespace: string | undefined;
}

/** `https://host answered GET /api/v1/namespaces/a/pods/b/exec with 403: ` and what the server says. */
const ASKED =
  /answered (\S+) \/(?:api|apis\/([^/]+))\/[^/]+(?:\/namespaces\/([^/]+))?\/([^/ ?]+)(?:\/[^/ ?]+(?:\/([^/ ?]+))?)?/;
const VERBS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

/** As the server names it, else by what it was asked: of streams into pods it says no more than that they are forbidden. */
function refusedRight(message: string): Right {
  const [, said, plural = '', group = '', where] = FORBIDDEN.exec(message) ?? [];
  if (said !== undefined)
    return { verb: said, resource: group === '' ? plural : `${plural}.${group}`, namespace: where };
  const [, method = '', api, namespace, resource = 'this', sub] = ASKED.exec(message) ?? [];
  const isStream = sub === 'exec' || sub === 'portforward';
  const name = api === undefined ? resource : `${resource}.${api}`;
  return {
    verb: isStream ? 'create' : (VERBS[method] ?? 'get'),
    resource: sub === undefined ? name : `${name}/${sub}`,
    namespace,
  };
}
