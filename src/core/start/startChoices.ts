import type { Capacity } from '../cost/prices';
import { customSizeProblem, customSizeWord } from './customSize';
import { longestKeepAliveSeconds, type EndRule } from './endRule';
import { nameFault } from '../variables';
import { RuntimeError } from '../errors';
import { asObject, asNumber, asString } from '../parse';
import type { CreateDevboxBody } from '../platform/createDevboxBody';
import { moneyProblem } from '../problems/money';

/** What a devbox is made from. */
export type StartSource =
  | { readonly kind: 'blueprint'; readonly name: string }
  | { readonly kind: 'snapshot'; readonly id: string }
  /** Runloop's default image, without an action server. */
  | { readonly kind: 'plain' };

export interface Repository {
  readonly owner: string;
  readonly name: string;
}

/** What can be chosen for one start, beside the name. Values of variables are secrets: they are not kept. */
export interface StartChoices {
  readonly source: StartSource;
  /** Runloop's size word. */
  readonly size: string;
  /** With the size word `CUSTOM_SIZE`. */
  readonly customSize?: Capacity | undefined;
  readonly endRule: EndRule;
  readonly repository?: Repository | undefined;
  /** A local folder that is uploaded into the workspace; of a plain devbox, into its home. */
  readonly folder?: string | undefined;
  readonly environment?: Readonly<Record<string, string>>;
  /** Variable name → name of a secret of the account. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly networkPolicyId?: string | undefined;
}

/** The shortest idle time that makes sense, in seconds. */
const shortestIdleSeconds = 60;

function invalid(id: 'time_out_of_range' | 'size_not_offered'): RuntimeError {
  return new RuntimeError({ problem: moneyProblem(id) });
}

/**
 * The part of a create request that the choices decide.
 *
 * @throws RuntimeError `invalid_option` for limits that Runloop refuses
 */
export function choicesBody(choices: StartChoices): CreateDevboxBody {
  const { source, endRule, repository } = choices;
  const [least, most] =
    endRule.kind === 'idle' ? [shortestIdleSeconds, longestKeepAliveSeconds] : [60, longestKeepAliveSeconds];
  if (!Number.isInteger(endRule.seconds) || endRule.seconds < least || endRule.seconds > most) {
    throw invalid('time_out_of_range');
  }
  const unvalued = Object.keys(choices.secrets ?? {}).map((name) => [name, ''] as const);
  for (const [name, value] of [...Object.entries(choices.environment ?? {}), ...unvalued]) {
    const fault = nameFault(name, value);
    if (fault !== undefined) throw fault;
  }
  return {
    ...(source.kind === 'blueprint' ? { blueprint_name: source.name } : {}),
    ...(source.kind === 'snapshot' ? { snapshot_id: source.id } : {}),
    ...(choices.environment === undefined ? {} : { environment_variables: choices.environment }),
    ...(choices.secrets === undefined ? {} : { secrets: choices.secrets }),
    ...(repository === undefined
      ? {}
      : { mounts: [{ type: 'code_mount', repo_owner: repository.owner, repo_name: repository.name }] }),
    launch_parameters: {
      resource_size_request: choices.size,
      ...customSizeBody(choices),
      ...(endRule.kind === 'lifetime'
        ? { keep_alive_time_seconds: endRule.seconds }
        : { lifecycle: { after_idle: { idle_time_seconds: endRule.seconds, on_idle: endRule.action } } }),
      ...(choices.networkPolicyId === undefined ? {} : { network_policy_id: choices.networkPolicyId }),
    },
  };
}

function customSizeBody({ size, customSize }: StartChoices): CreateDevboxBody['launch_parameters'] {
  if (size !== customSizeWord) return {};
  if (customSize === undefined || customSizeProblem(customSize) !== undefined) {
    throw invalid('size_not_offered');
  }
  return {
    custom_cpu_cores: customSize.cpuCores,
    custom_gb_memory: customSize.memoryGib,
    custom_disk_size: customSize.diskGib,
  };
}

/**
 * Reads `owner/name` or the address of a GitHub repository.
 *
 * @returns undefined if it is neither
 */
export function parseRepository(text: string): Repository | undefined {
  const match = /^(?:https:\/\/github\.com\/)?([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/.exec(text.trim());
  const [, owner, name] = match ?? [];
  return owner === undefined || name === undefined ? undefined : { owner, name };
}

/** Where Runloop puts the clone of a repository. */
export function clonePath({ name }: Repository): string {
  return `/home/user/${name}`;
}

/** Choices as they were kept, without anything secret; undefined if what was kept is none. */
export function parseKeptChoices(value: unknown): StartChoices | undefined {
  const kept = asObject(value);
  const source = asObject(kept?.['source']);
  const rule = asObject(kept?.['endRule']);
  const size = asString(kept?.['size']);
  const seconds = asNumber(rule?.['seconds']);
  const name = asString(source?.['name']);
  const id = asString(source?.['id']);
  const from: StartSource | undefined =
    source?.['kind'] === 'blueprint' && name !== undefined
      ? { kind: 'blueprint', name }
      : source?.['kind'] === 'snapshot' && id !== undefined
        ? { kind: 'snapshot', id }
        : source?.['kind'] === 'plain'
          ? { kind: 'plain' }
          : undefined;
  if (from === undefined || size === undefined || seconds === undefined) return undefined;
  const action = rule?.['action'];
  const endRule: EndRule =
    rule?.['kind'] === 'idle' && (action === 'suspend' || action === 'shutdown')
      ? { kind: 'idle', seconds, action }
      : { kind: 'lifetime', seconds };
  const networkPolicyId = asString(kept?.['networkPolicyId']);
  const custom = asObject(kept?.['customSize']);
  const [cpuCores, memoryGib, diskGib] = ['cpuCores', 'memoryGib', 'diskGib'].map((part) => asNumber(custom?.[part]));
  const customSize =
    cpuCores === undefined || memoryGib === undefined || diskGib === undefined
      ? undefined
      : { cpuCores, memoryGib, diskGib };
  if (size === customSizeWord && (customSize === undefined || customSizeProblem(customSize) !== undefined)) {
    return undefined;
  }
  return {
    source: from,
    size,
    endRule,
    ...(customSize === undefined ? {} : { customSize }),
    ...(networkPolicyId === undefined ? {} : { networkPolicyId }),
  };
}

/** The longest session id and devbox name we send, in characters. */
export const longestName = 100;

/**
 * What is wrong with a name for a devbox, or undefined if nothing is. Control characters would garble every list it
 * is shown in.
 */
export function nameProblem(name: string): 'empty' | 'too_long' | 'control_characters' | undefined {
  if (name.trim() === '') return 'empty';
  if (Array.from(name).length > longestName) return 'too_long';
  return /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(name) ? 'control_characters' : undefined;
}
