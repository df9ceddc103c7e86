import { AgentSession } from '../../../src/core/agents/agentSession';
import type { SessionEvent } from '../../../src/core/agents/sessionEvents';
import type { ConsentRule } from '../../../src/core/agents/consent';
import { AgentSpool } from '../../../src/core/agents/spool';
import type { WaitingRequest } from '../../../src/core/agents/waiting';
import { asObject, asString, parseJson } from '../../../src/core/parse';
import { byRule } from '../../../src/extension/agents/liveAgent';
import { signal, type FilesDevbox } from '../../unit/core/files/useFiles';
import { invalidFrames } from '../../unit/core/agents/validFrames';
import type { Done } from './window';
import type { Press } from './windowWords';

/** What a person has pressed in a window, and what the window said of it. */
export interface Pressed extends Press {
  readonly who: string;
  /** What was asked for, as the window showed it. */
  readonly text: string;
  done: Done;
}

/** One process of the agent, with what persons did about it. */
export interface Process {
  readonly folder: string;
  /** What it does: at once what stands in one group. */
  readonly plan: readonly (readonly string[])[];
  readonly pressed: Pressed[];
  readonly interrupted: Set<string>;
  /** Whether it was there until its turn was over; else it was suspended meanwhile. */
  isWhole: boolean;
}

/** How often something may have been done, and must have been. */
export interface Bounds {
  readonly least: number;
  readonly most: number;
}

interface Given {
  readonly who: string;
  readonly means: string;
  readonly isTheirs: boolean;
}

/**
 * Holds what stands in a process's record against what was pressed: nothing is allowed but by a person, or by a rule that a
 * person has made; each request is answered once; and whoever was told that his answer counts, has given the one that does.
 *
 * @returns how often each text was allowed
 * @throws Error for what is wrong
 */
export async function judge(
  box: FilesDevbox,
  process: Process,
  { sealKey, rules }: { readonly sealKey: Uint8Array; readonly rules: readonly ConsentRule[] },
): Promise<ReadonlyMap<string, Bounds>> {
  const { folder, pressed, interrupted } = process;
  const { requests, given } = await recorded(box, folder, sealKey);
  for (const [id, { who, means, isTheirs }] of given) {
    const text = textOf(requests.get(id));
    const ofRule = who.endsWith(`, ${byRule}`);
    const isMeant = ofRule
      ? means === 'allow_once' && rules.some((rule) => isOf(rule, text))
      : means === 'cancelled'
        ? interrupted.has(who)
        : pressed.some((one) => one.who === who && one.id === id && one.means === means && one.text === text);
    if (!isTheirs || !isMeant) throw new Error(`Nobody has answered ${id} (${text}) so: ${means} by ${who}`);
  }
  for (const { id, who, means, text, done } of pressed) {
    if (done === 'died' || 'failed' in done) continue;
    const counts = given.get(id);
    const about = `${id} (${text}): ${means} by ${who}; in the record ${JSON.stringify(counts)}`;
    if (done.first === undefined && (counts?.who !== who || counts.means !== means)) {
      throw new Error(`It was told that this counts, and it does not: ${about}`);
    }
    if (counts === undefined || (done.first !== undefined && done.first !== '' && done.first !== counts.who)) {
      throw new Error(`It was told that ${String(done.first)} was first: ${about}`);
    }
  }
  const lastAsked = process.plan.findLastIndex((group) =>
    [...requests.values()].some((one) => group.includes(one.callId)),
  );
  const bounds = new Map<string, Bounds>();
  for (const [id, { means }] of given) {
    if (means !== 'allow_once') continue;
    const text = textOf(requests.get(id));
    // What came to a process that was about to be suspended may not have been done any more; what came before has.
    const isSure = process.isWhole || !(process.plan[lastAsked] ?? []).includes(text);
    const { least, most } = bounds.get(text) ?? { least: 0, most: 0 };
    bounds.set(text, { least: least + (isSure ? 1 : 0), most: most + 1 });
  }
  return bounds;
}

/** What a window that comes last can read, and what the record is otherwise. */
async function recorded(box: FilesDevbox, folder: string, sealKey: Uint8Array) {
  const requests = new Map<string, WaitingRequest>();
  const given = new Map<string, Given>();
  const spool = new AgentSpool({ devboxId: box.id, commands: box.commands, folder, sealKey });
  const answers: Extract<SessionEvent, { readonly kind: 'told' }>[] = [];
  const onEvent = (event: SessionEvent): void => {
    if (event.kind === 'asked') requests.set(event.request.id, event.request);
    if (event.kind === 'told' && event.entry.key.startsWith('a:')) answers.push(event);
  };
  const session = await AgentSession.over({ spool, devboxId: box.id, who: 'judge', now: Date.now, onEvent });
  await session.look(signal);
  for (const { entry, frame } of answers) {
    const id = entry.key.slice(2);
    const request = requests.get(id);
    const outcome = asObject(asObject(frame?.['result'])?.['outcome']);
    const option = asString(outcome?.['optionId']);
    const means =
      request?.choices.find((choice) => choice.id === option)?.means ?? asString(outcome?.['outcome']) ?? '';
    const isTheirs = entry.isSealed && entry.requestDigest === request?.digest;
    if (given.has(id)) throw new Error(`${id} was answered twice`);
    given.set(id, { who: entry.who, means, isTheirs });
  }
  const tampering = await spool.audit(signal);
  if (tampering.size > 0) throw new Error(`Its record is ${[...tampering].join(', ')}`);
  const [told = '', said = ''] = (await box.bash(`cd ${folder} && cat in && echo && cat out`)).split('\n\n');
  const frames = told.split('\n').map((line) => asObject(parseJson(line)) ?? {});
  const ids = frames.flatMap((one) => (one['method'] === undefined ? [JSON.stringify(one['id'])] : []));
  if (new Set(ids).size !== ids.length) throw new Error(`An answer was told twice: ${ids.join(' ')}`);
  const invalid = invalidFrames(`${told}\n`, said);
  if (invalid.length > 0) throw new Error(`No frames of the protocol: ${invalid.join('; ')}`);
  return { requests, given };
}

/** What is asked for, as a window shows it. */
function textOf(request: WaitingRequest | undefined): string {
  return request?.input?.kind === 'command' ? String(request.input.command) : (request?.diffs[0]?.path ?? '');
}

function isOf({ allows }: ConsentRule, text: string): boolean {
  return allows.kind === 'command' ? allows.command === text : allows.under.endsWith(`/${text}`);
}
