import { capacityOf, sizes, type Capacity } from '../cost/prices';
import { asObject, asString, asStringMap } from '../parse';
import type { Devbox } from '../platform/devbox';
import { customSizeProblem, customSizeWord, largestCustomSize, memoryRatio } from './customSize';
import { longestKeepAliveSeconds, type EndRule } from './endRule';
import { parseKeptChoices, type StartChoices } from './startChoices';

/** Choices as they were kept with everything in them, which only a secret storage may hold; undefined if it is none. */
export function parseAllChoices(value: unknown): StartChoices | undefined {
  const kept = asObject(value);
  const choices = parseKeptChoices(kept);
  if (choices === undefined) return undefined;
  const repository = asObject(kept?.['repository']);
  const [owner, name] = [asString(repository?.['owner']), asString(repository?.['name'])];
  const folder = asString(kept?.['folder']);
  return {
    ...choices,
    ...(owner === undefined || name === undefined ? {} : { repository: { owner, name } }),
    ...(folder === undefined ? {} : { folder }),
    environment: asStringMap(kept?.['environment']),
    secrets: asStringMap(kept?.['secrets']),
  };
}

/** What a devbox tells of how it was started, where nobody here has started it. @param blueprint its blueprint's name */
export function choicesOf(devbox: Devbox, blueprint: string | undefined): StartChoices {
  const { idleRule, keepAliveSeconds, size = 'SMALL', customSize, snapshotId } = devbox;
  const endRule: EndRule =
    idleRule === undefined
      ? { kind: 'lifetime', seconds: Math.min(Math.max(keepAliveSeconds ?? 3_600, 60), longestKeepAliveSeconds) }
      : { kind: 'idle', seconds: idleRule.seconds, action: idleRule.action === 'suspend' ? 'suspend' : 'shutdown' };
  const capacity = size === customSizeWord ? capacityOf(size, customSize) : undefined;
  return {
    source:
      snapshotId !== undefined
        ? { kind: 'snapshot', id: snapshotId }
        : blueprint !== undefined && blueprint !== ''
          ? { kind: 'blueprint', name: blueprint }
          : { kind: 'plain' },
    endRule,
    ...sizeOf(size, capacity),
  };
}

function sizeOf(size: string, capacity: Capacity | undefined): Pick<StartChoices, 'size' | 'customSize'> {
  if (size !== customSizeWord) return { size: Object.hasOwn(sizes, size) ? size : 'SMALL' };
  return capacity === undefined || customSizeProblem(capacity) !== undefined
    ? { size: 'LARGE' }
    : { size, customSize: capacity };
}

/** What ran out. */
export type Need = 'memory' | 'disk';

/** The same choices with the next larger size that has more of what ran out; the same size where there is none larger. */
export function oneSizeUp(choices: StartChoices, need: Need): StartChoices {
  const now = capacityOf(choices.size, choices.customSize);
  if (now === undefined) return choices;
  const part = need === 'memory' ? 'memoryGib' : 'diskGib';
  const next = Object.entries(sizes).find(
    ([, size]) =>
      size[part] > now[part] &&
      size.memoryGib >= now.memoryGib &&
      size.diskGib >= now.diskGib &&
      size.cpuCores >= now.cpuCores,
  );
  if (next !== undefined) return { ...choices, size: next[0], customSize: undefined };
  const wanted = Math.min(now[part] * 2, largestCustomSize[part]);
  if (wanted <= now[part]) return choices;
  const customSize = fitting({ ...now, diskGib: Math.max(now.diskGib, 2), [part]: wanted });
  return customSizeProblem(customSize) === undefined ? { ...choices, size: customSizeWord, customSize } : choices;
}

/** With as many CPUs as its memory asks for. */
function fitting(size: Capacity): Capacity {
  let { cpuCores } = size;
  while (size.memoryGib / cpuCores > memoryRatio.most && cpuCores < largestCustomSize.cpuCores) cpuCores *= 2;
  return { ...size, cpuCores };
}
