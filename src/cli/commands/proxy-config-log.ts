import { CliError } from '../cli-error.ts';
import type { RunCommand } from '../command-spec.ts';
import { explainRefusal } from '../kubernetes/explain-error.ts';
import { connectMesh } from '../mesh/choose-target.ts';
import { DEFAULT_LEVEL, formatLevels, loggingPath, parseLevels } from '../proxy-config/log-levels.ts';

export const run: RunCommand = async (call) => {
  const { args, options, terminal } = call;
  const wanted = options.text('level');
  const wish = options.flag('reset')
    ? ({ kind: 'all', level: DEFAULT_LEVEL } as const)
    : wanted === undefined
      ? undefined
      : parseLevels(wanted);
  const { admin, pod, namespace } = await (await connectMesh(call)).reach(args[0] ?? '');
  const { status, body } = await admin.post(wish ? loggingPath(wish) : '/logging').catch((error: unknown) => {
    throw explainRefusal(error) ?? unanswered(error instanceof Error ? error.message : String(error));
  });
  if (status !== 200) throw unanswered(body.trim() || `it answers with status ${status}`);
  terminal.out(formatLevels(`${pod}.${namespace}`, body));
  return 0;
};

function unanswered(why: string): CliError {
  return new CliError({
    code: 'envoy',
    what: 'the Envoy of this pod does not take that',
    why: `${why}.`,
    remedy: 'See its loggers with `proxy-config log TARGET`, and whether it runs.',
  });
}
