import { DevboxError } from '../errors';
import { type UserRequest, userName, usualUser } from '../sandbox/users';

/** One step of a build. */
export type BuildStep =
  | RunStep
  | { readonly kind: 'env'; readonly name: string; readonly value: string }
  | { readonly kind: 'workdir'; readonly path: string }
  | { readonly kind: 'user'; readonly user: StepUser }
  | CopyStep
  | { readonly kind: 'mounts' }
  /** The image has OpenHands' runtime in it, for which the platform's own action server stands in. */
  | { readonly kind: 'openhands'; readonly image: string };

/** Runs a command. */
export interface RunStep {
  readonly kind: 'run';
  readonly command: string;
  /** Shell lines that root runs before; empty for none. */
  readonly prepare?: string;
  /** Undefined for a setup command, which the devbox's own user runs. */
  readonly user?: StepUser;
}

/** Whom a Dockerfile's USER names. */
export interface StepUser {
  /** A name or a number. */
  readonly name: string;
  /** A name or a number; undefined takes the user's own group. */
  readonly group?: string | undefined;
}

/** Copies from a build context onto the disk. */
export interface CopyStep {
  readonly kind: 'copy';
  /** The named context to copy from; empty for the build's own. */
  readonly from: string;
  /** Relative to the context; may have wildcards. */
  readonly sources: readonly string[];
  readonly target: string;
  /** Octal permissions of what is copied. */
  readonly mode: string | undefined;
  /** Whose it is then, as names or numbers `user` or `user:group`; undefined means root's. */
  readonly owner: string | undefined;
}

/** Users and groups as USER and --chown name them. */
const ownerName = /^([A-Za-z_][\w.-]*|\d{1,5})(?::([A-Za-z_][\w.-]*|\d{1,5}))?$/;

/** Images whose first user is not root. */
const userBases = /^runloop[:/]/;

/** Images for which this computer's own system can stand in. */
const knownBases = /^(?:runloop[:/]|(?:docker\.io\/)?(?:library\/)?(?:ubuntu|debian)(?:[:@]|$))/;
/** OpenHands' runtime images, under the names they have had. */
const openhandsBases =
  /^(?:(?:ghcr\.io|docker\.openhands\.dev|docker\.all-hands\.dev)\/)?(?:openhands|all-hands-ai)\/runtime(?:[:@]|$)/;

/**
 * Reads the part of a Dockerfile that can be honoured here: FROM a known base, RUN, COPY, ENV, WORKDIR, USER, ARG, and
 * what changes nothing about a disk.
 * @param given values of build arguments
 * @throws DevboxError `invalid` that names the line
 */
export function readDockerfile(text: string, given: Readonly<Record<string, string>>): readonly BuildStep[] {
  const steps: BuildStep[] = [];
  const values: Record<string, string> = {};
  let begun = false;
  let user: StepUser = { name: 'root' };
  for (const { number, word, rest } of instructions(text)) {
    const refuse = (why: string): DevboxError => new DevboxError('invalid', `Line ${number} of the Dockerfile: ${why}`);
    const filled = word === 'RUN' ? rest : fillIn(rest, values);
    if (!begun && word !== 'FROM' && word !== 'ARG') {
      throw refuse('it must begin with FROM.');
    }
    switch (word) {
      case 'FROM': {
        const image = filled.replace(/^--platform=\S+\s+/, '');
        const hasOpenhands = openhandsBases.test(image);
        if (begun || !(hasOpenhands || knownBases.test(image))) {
          throw refuse(
            begun
              ? 'only one stage can be built here.'
              : `"${filled}" is not a base that this computer can stand in for. Use ubuntu, debian, a runloop image or OpenHands' runtime image.`,
          );
        }
        if (hasOpenhands) {
          steps.push({ kind: 'openhands', image });
        }
        begun = true;
        user = { name: userBases.test(image) ? usualUser.name : 'root' };
        break;
      }
      case 'RUN':
        steps.push({ kind: 'run', ...runCommand(rest, refuse), user });
        break;
      case 'COPY':
        steps.push(copyStep(filled, refuse));
        break;
      case 'ARG': {
        const [name = '', ...value] = filled.split('=');
        const chosen = given[name] ?? (value.length > 0 ? unquote(value.join('=')) : undefined);
        if (chosen !== undefined) {
          values[name] = chosen;
          steps.push({ kind: 'env', name, value: chosen });
        }
        break;
      }
      case 'ENV':
        for (const [name, value] of pairs(filled)) {
          values[name] = value;
          steps.push({ kind: 'env', name, value });
        }
        break;
      case 'WORKDIR':
        steps.push({ kind: 'workdir', path: unquote(filled) });
        break;
      case 'USER': {
        const [, name, group] = ownerName.exec(unquote(filled)) ?? [];
        if (name === undefined) {
          throw refuse(`"${filled}" cannot be a user. Give a name or a number, and behind a colon a group.`);
        }
        user = { name, group };
        steps.push({ kind: 'user', user });
        break;
      }
      case 'LABEL':
      case 'EXPOSE':
      case 'CMD':
      case 'ENTRYPOINT':
      case 'STOPSIGNAL':
      case 'MAINTAINER':
        break;
      default:
        throw refuse(`${word} cannot be honoured on the local platform. Use RUN, COPY, ENV, WORKDIR, ARG or USER.`);
    }
  }
  if (!begun) {
    throw new DevboxError('invalid', 'The Dockerfile has no FROM.');
  }
  return steps;
}

/** The contexts a Dockerfile's steps copy from by name; `''` is the build's own. */
export function contextsOf(steps: readonly BuildStep[]): ReadonlySet<string> {
  return new Set(steps.flatMap((step) => (step.kind === 'copy' ? [step.from] : [])));
}

/** The user whose devboxes are made of it: the last one that USER named, unless that is root or a number. */
export function lastUser(steps: readonly BuildStep[]): UserRequest | undefined {
  const { name } = steps.flatMap((step) => (step.kind === 'user' ? [step.user] : [])).at(-1) ?? {};
  return name === undefined || name === 'root' || !userName.test(name) ? undefined : { name };
}

type Refuse = (why: string) => DevboxError;

function runCommand(rest: string, refuse: Refuse): { readonly command: string; readonly prepare: string } {
  const { flags, words } = flagsOf(rest);
  const prepare = flags.map((flag) => mountFlag(flag, refuse)).join('');
  const whole = /^<<(-?)(["']?)(\w+)\2\n([^]*?)\n?\s*\3$/.exec(words);
  const command = whole === null ? (words.startsWith('[') ? execForm(words, refuse) : words) : (whole[4] ?? '');
  return { command, prepare };
}

/** What a flag of RUN asks for, as shell lines in front of the command. */
function mountFlag(flag: string, refuse: Refuse): string {
  const options = new Map(
    flag
      .replace(/^--mount=/, '')
      .split(',')
      .map((part) => [part.split('=')[0] ?? '', part.split('=').slice(1).join('=')]),
  );
  if (flag.startsWith('--mount=') && options.get('type') === 'cache') {
    return '';
  }
  const id = options.get('id') ?? '';
  const target = options.get('target') ?? options.get('dst') ?? `/run/secrets/${id}`;
  if (
    !flag.startsWith('--mount=') ||
    options.get('type') !== 'secret' ||
    !/^[A-Za-z_]\w*$/.test(id) ||
    /['\n]/.test(target)
  ) {
    throw refuse(`${flag} cannot be honoured. Of RUN's flags, --mount=type=secret,id=NAME and type=cache can.`);
  }
  const owner = [options.get('uid') ?? '0', options.get('gid') ?? '0'];
  const mode = options.get('mode') ?? '0400';
  if (!owner.every((number) => /^\d{1,5}$/.test(number)) || !/^[0-7]{3,4}$/.test(mode)) {
    throw refuse(`${flag} needs numbers as uid and gid, and octal digits as mode.`);
  }
  // The build's secrets are variables; what makes a file of one removes it again.
  return `mkdir -p -- "$(dirname -- '${target}')" && (umask 077; printf %s "$${id}" > '${target}') && trap "rm -f -- '${target}'" EXIT
if [ "$RUNLOOP_LOCAL_USERS" = 1 ]; then chown ${owner.join(':')} '${target}'; fi && chmod ${mode} '${target}' || exit 1
`;
}

function copyStep(filled: string, refuse: Refuse): CopyStep {
  const { flags, words } = flagsOf(filled);
  if (/<</.test(words)) {
    throw refuse('here-documents of COPY cannot be honoured. Put the text into a file of the build context.');
  }
  const paths = words.startsWith('[') ? listOf(words, refuse) : words.split(/\s+/).filter((word) => word !== '');
  const target = paths.at(-1);
  if (target === undefined || paths.length < 2) {
    throw refuse('COPY needs what to copy and where to.');
  }
  const sources = paths.slice(0, -1).map((path) => path.replace(/^\/+/, '') || '.');
  if (sources.some((source) => source.split('/').includes('..'))) {
    throw refuse('COPY cannot reach out of the build context.');
  }
  let from = '';
  let mode: string | undefined;
  let owner: string | undefined;
  for (const flag of flags) {
    const [name, value = ''] = flag.split('=');
    if (name === '--from' && value !== '' && !/^\d+$/.test(value)) {
      from = value;
    } else if (name === '--chmod' && /^[0-7]{3,4}$/.test(value)) {
      mode = value;
    } else if (name === '--chown' && ownerName.test(value)) {
      owner = value;
    } else if (name !== '--link') {
      throw refuse(
        `${flag} cannot be honoured. Use --from with a named build context, --chmod with octal digits, or --chown with a user and a group.`,
      );
    }
  }
  return { kind: 'copy', from, sources, target, mode, owner };
}

function flagsOf(text: string): { readonly flags: readonly string[]; readonly words: string } {
  const [, flags = '', words = ''] = /^((?:--\w\S*\s+)*)([^]*)$/.exec(text) ?? [];
  return { flags: flags.split(/\s+/).filter((flag) => flag !== ''), words };
}

function* instructions(text: string): Generator<{ number: number; word: string; rest: string }> {
  let number = 0;
  let begun = 0;
  let joined = '';
  let until: RegExp | undefined;
  for (const line of text.split(/\r?\n/)) {
    number += 1;
    if (until !== undefined) {
      joined += `\n${line}`;
      if (until.test(line)) {
        until = undefined;
        yield instruction(begun, joined);
        joined = '';
      }
      continue;
    }
    if (/^\s*#/.test(line) || (joined === '' && line.trim() === '')) {
      continue;
    }
    begun = joined === '' ? number : begun;
    if (/\\\s*$/.test(line)) {
      joined += `${line.replace(/\\\s*$/, '')} `;
      continue;
    }
    joined += line;
    const document = /^\s*(?:RUN|COPY)\b.*?<<(-?)(["']?)([A-Za-z_]\w*)\2/i.exec(joined);
    if (document !== null) {
      until = new RegExp(`^${document[1] === '' ? '' : '\\t*'}${document[3] ?? ''}$`);
      continue;
    }
    yield instruction(begun, joined);
    joined = '';
  }
  if (joined !== '') {
    yield instruction(begun, joined);
  }
}

function instruction(number: number, text: string): { number: number; word: string; rest: string } {
  const [, word = '', rest = ''] = /^\s*(\S+)\s*([^]*?)\s*$/.exec(text) ?? [];
  return { number, word: word.toUpperCase(), rest };
}

function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (_, braced?: string, bare?: string) => values[braced ?? bare ?? ''] ?? '',
  );
}

function pairs(text: string): readonly (readonly [string, string])[] {
  if (!/^\w+=/.test(text)) {
    const [name = '', ...value] = text.split(/\s+/);
    return [[name, value.join(' ')]];
  }
  return [...text.matchAll(/(\w+)=("(?:[^"\\]|\\.)*"|'[^']*'|\S*)/g)].map(
    (match) => [match[1] ?? '', unquote(match[2] ?? '')] as const,
  );
}

function unquote(text: string): string {
  const inner = /^"([^]*)"$|^'([^]*)'$/.exec(text);
  return inner === null ? text : (inner[1]?.replaceAll(/\\(["\\])/g, '$1') ?? inner[2] ?? '');
}

function execForm(text: string, refuse: Refuse): string {
  return listOf(text, refuse)
    .map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`)
    .join(' ');
}

function listOf(text: string, refuse: Refuse): readonly string[] {
  let words: unknown;
  try {
    words = JSON.parse(text);
  } catch (error) {
    throw refuse(`the list of words is not valid JSON (${String(error)}).`);
  }
  if (!Array.isArray(words)) {
    throw refuse('the list of words is not a list.');
  }
  return words.map(String);
}
