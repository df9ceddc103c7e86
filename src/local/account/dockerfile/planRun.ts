import { type Instruction, textOf } from './instructions';
import type { Refuse } from './refusal';
import type { CopySource, RunMount } from './steps';
import type { StageState } from './stageState';
import { jsonWords, splitFlags } from './words';

/** What a mount's `type` may be, with the kind that is made of it. */
const mountTypes: Readonly<Record<string, RunMount['type'] | 'ssh'>> = {
  bind: 'bind',
  cache: 'cache',
  tmpfs: 'tmpfs',
  secret: 'secret',
  ssh: 'ssh',
};

/** What can be said of mounts, whatever their type is. */
const mountOptions: ReadonlySet<string> = new Set(
  'type from source src target dst destination id sharing mode uid gid required size readonly ro rw readwrite env'.split(
    ' ',
  ),
);

/** Options of a mount that have no value. */
const truth = /^(?:|true|1)$/;

/** Where a here-document that says its own interpreter is put. */
const scriptFolder = '/run/devbox/scripts';

/** RUN: a command in the shell or as a list of words, here-documents, and its flags. */
export function planRun(instruction: Instruction, stage: StageState, refuse: Refuse): void {
  const { flags, rest } = splitFlags(instruction.rest, stage.escape);
  const mounts: RunMount[] = [];
  for (const flag of flags) {
    if (flag.startsWith('--mount=')) {
      const mount = readMount(flag, stage, refuse);
      if (mount !== undefined) {
        mounts.push(mount);
      }
    } else if (/^--network=(?:default|host)$|^--security=sandbox$/.test(flag)) {
      continue;
    } else if (flag === '--network=none') {
      stage.note(`RUN --network=none: the command has the network of every build here`);
    } else {
      throw refuse(`${flag} cannot be honoured. Of RUN's flags, --mount and --network can.`);
    }
  }
  if (rest === '') {
    throw refuse('RUN needs a command.');
  }
  const words = jsonWords(rest, refuse);
  const [document] = instruction.documents;
  let argv = words ?? [...stage.shell, rest];
  if (words?.length === 0) {
    throw refuse('RUN needs a command.');
  }
  if (document !== undefined && words === undefined) {
    const lone = /^\d*<<-?(["']?)[^\s"'<]+\1$/.test(rest);
    if (lone && document.content.startsWith('#!')) {
      const target = `${scriptFolder}/${document.name.replaceAll('/', '_')}`;
      mounts.push({ ...noMount, type: 'file', target, mode: '0755', content: textOf(document) });
      argv = [target];
    } else if (lone) {
      argv = [...stage.shell, textOf(document)];
    } else {
      const texts = instruction.documents.map(({ name, content }) => `\n${content}${name}`);
      argv = [...stage.shell, rest + texts.join('')];
    }
  }
  stage.run(argv, `RUN ${document === undefined ? rest : `${rest} …`}`, mounts);
}

const noMount = { id: '', required: false, mode: '', uid: '0', gid: '0' } as const;

/** @returns nothing for a mount that is passed over */
function readMount(flag: string, stage: StageState, refuse: Refuse): RunMount | undefined {
  const options = new Map<string, string>();
  for (const part of flag.slice('--mount='.length).split(',')) {
    const [name = '', ...value] = part.split('=');
    const option = name.trim().toLowerCase();
    if (!mountOptions.has(option)) {
      throw refuse(`${flag}: "${option}" is no option of a mount.`);
    }
    options.set(option, value.join('='));
  }
  const fill = (text: string): string => stage.scope.fill(text, refuse);
  const optionOf = (...names: readonly string[]): string | undefined => {
    const value = names.map((name) => options.get(name)).find((found) => found !== undefined);
    return value === undefined ? undefined : fill(value);
  };
  const typeName = options.get('type') ?? 'bind';
  const type = Object.hasOwn(mountTypes, typeName) ? mountTypes[typeName] : undefined;
  if (type === undefined) {
    throw refuse(`a mount of type "${typeName}" is not known. There are bind, cache, tmpfs, secret and ssh.`);
  }
  const required = options.has('required') && truth.test(options.get('required') ?? '');
  if (type === 'ssh') {
    if (required) {
      throw refuse('RUN --mount=type=ssh: there is no SSH agent in a build here. Use a secret with a key or a token.');
    }
    stage.note('RUN --mount=type=ssh: passed over, there is no SSH agent in a build here');
    return undefined;
  }
  if (type === 'tmpfs' && options.has('size')) {
    stage.note('RUN --mount=type=tmpfs: its size is passed over, the build has limits of its own');
  }
  const source = optionOf('source', 'src');
  const uid = optionOf('uid') ?? '0';
  const gid = optionOf('gid') ?? '0';
  const mode = optionOf('mode') ?? (type === 'secret' ? '0400' : type === 'tmpfs' ? '1777' : '0755');
  if (![uid, gid].every((number) => /^\d{1,5}$/.test(number)) || !/^[0-7]{3,4}$/.test(mode)) {
    throw refuse(`${flag} needs numbers as uid and gid, and octal digits as mode.`);
  }
  const given = optionOf('target', 'dst', 'destination');
  const variable = type === 'secret' ? optionOf('env') : undefined;
  if (variable !== undefined && !/^[A-Za-z_]\w*$/.test(variable)) {
    throw refuse(`${flag} needs the name of a variable as env.`);
  }
  if (type === 'secret') {
    const id = optionOf('id') ?? (source ?? given ?? '').split('/').at(-1) ?? '';
    if (id === '') {
      throw refuse(`${flag} needs the id of a secret.`);
    }
    const target = given ?? (variable === undefined ? `/run/secrets/${id}` : '');
    return {
      type,
      id,
      variable,
      required,
      uid,
      gid,
      mode,
      target: target === '' ? '' : stage.absolute(target),
    };
  }
  if (given === undefined || given === '') {
    throw refuse(`${flag} needs a target.`);
  }
  const target = stage.absolute(given).replace(/(?<=.)\/+$/, '');
  if (target === '/') {
    throw refuse(`${flag} cannot be mounted over everything.`);
  }
  const from: CopySource | undefined = options.has('from')
    ? stage.sourceOf(options.get('from') ?? '', refuse)
    : type === 'bind'
      ? { kind: 'context', name: '' }
      : undefined;
  const inside = (source ?? '').replace(/^\/+/, '');
  if (inside.split('/').includes('..')) {
    throw refuse(`${flag} cannot reach out of what it is from.`);
  }
  return {
    type,
    target,
    from,
    source: inside === '' ? '.' : inside,
    id: type === 'cache' ? (optionOf('id') ?? target) : '',
    required: false,
    mode,
    uid,
    gid,
  };
}
