import { posix } from 'node:path';
import { type Instruction, documentsOf, textOf } from './instructions';
import type { Refuse } from './refusal';
import type { CopySource, CopyStep } from './steps';
import type { StageState } from './stageState';
import { jsonWords, plainWords, splitFlags } from './words';

/** Users and groups as USER and --chown name them. */
const ownerName = /^([A-Za-z_][\w.-]*|\d{1,5})(?::([A-Za-z_][\w.-]*|\d{1,5}))?$/;

/** Permissions as chmod takes them. */
const modeName = /^(?:[0-7]{3,4}|[ugoa]*[-+=][rwxXst]*(?:,[ugoa]*[-+=][rwxXst]*)*)$/;

/** What a flag without a value stands for may also be said. */
const truths: Readonly<Partial<Record<string, boolean>>> = { true: true, '1': true, false: false, '0': false };

/** What ADD fetches from elsewhere. */
const address = /^(?:https?|git|ssh):\/\/|^git@[\w.-]+:/;

/** Reads `user` or `user:group`; undefined for what can be neither. */
export function ownerOf(text: string): CopyStep['owner'] {
  const [, name, group] = ownerName.exec(text) ?? [];
  return name === undefined ? undefined : { name, group };
}

interface Flags {
  readonly from: CopySource;
  readonly mode?: string | undefined;
  readonly owner?: CopyStep['owner'];
  readonly excluded: readonly string[];
  readonly parents: boolean;
  readonly unpack?: boolean | undefined;
  readonly checksum?: string | undefined;
  readonly keepsGit?: boolean | undefined;
}

/** COPY and ADD. */
export function planCopy(instruction: Instruction, stage: StageState, refuse: Refuse): void {
  const { keyword, documents } = instruction;
  const isAdd = keyword === 'ADD';
  const split = splitFlags(instruction.rest, stage.escape);
  const flags = readFlags(split.flags, keyword, stage, refuse);
  const words = jsonWords(split.rest, refuse) ?? plainWords(split.rest);
  const last = words.at(-1);
  if (last === undefined || words.length < 2) {
    throw refuse(`${keyword} needs what to copy and where to.`);
  }
  const target = stage.scope.fill(last, refuse);
  if (target === '') {
    throw refuse(`${keyword} needs where to copy to, and "${last}" is empty.`);
  }
  const named = words.slice(0, -1).flatMap((word) => {
    if (documents.length > 0 && documentsOf(word, stage.escape).length > 0) {
      return [];
    }
    const path = stage.scope.fill(word, refuse);
    if (path === '') {
      throw refuse(`${keyword} needs what to copy, and "${word}" is empty.`);
    }
    return [path];
  });
  const addresses = isAdd ? named.filter((path) => address.test(path)) : [];
  const sources = named
    .filter((path) => !addresses.includes(path))
    // What would lead out begins at the root instead, as the reference has it.
    .map((path) => (path.split('/').includes('..') ? posix.normalize(`/${path}`) : path))
    .map((path) => path.replace(/^(?:\.?\/+)+/, flags.parents ? './' : '').replace(/^(?:\.\/?)?$/, '.'));
  if (flags.from.kind === 'stage' && sources.includes('.')) {
    throw refuse('a whole stage cannot be copied here. Name the folders that are wanted.');
  }
  if (flags.checksum !== undefined && addresses.length === 0) {
    throw refuse('--checksum is for what ADD fetches from an address.');
  }
  if (flags.parents && flags.from.kind === 'stage') {
    throw refuse('--parents cannot be honoured together with --from a stage. Name the folders that are wanted.');
  }
  const isFolder = documents.length + named.length > 1 || /(?:^|\/)\.{0,2}$/.test(target);
  stage.push({
    kind: 'copy',
    title: `${keyword} ${instruction.rest}`,
    from: flags.from,
    sources,
    documents: documents.map((document) => ({
      name: document.name.split('/').at(-1) ?? document.name,
      content: document.expands ? stage.scope.fill(textOf(document), refuse, true) : textOf(document),
    })),
    addresses,
    checksum: flags.checksum,
    keepsGit: flags.keepsGit === true,
    target: isFolder ? `${stage.absolute(target)}/`.replace(/^\/\/$/, '/') : stage.absolute(target),
    mode: flags.mode,
    owner: flags.owner,
    excluded: flags.excluded,
    parents: flags.parents,
    // Archives of the context are unpacked by ADD; what it fetches only where that is asked for.
    unpack: isAdd && (flags.unpack ?? addresses.length === 0),
  });
}

function readFlags(list: readonly string[], keyword: string, stage: StageState, refuse: Refuse): Flags {
  let flags: Flags = { from: { kind: 'context', name: '' }, excluded: [], parents: false };
  for (const flag of list) {
    const [name = '', ...values] = flag.split('=');
    const raw = values.join('=');
    const value = stage.scope.fill(raw, refuse);
    const isTrue = (): boolean => {
      const found = raw === '' ? true : truths[value.toLowerCase()];
      if (found === undefined) {
        throw refuse(`${flag} is neither true nor false.`);
      }
      return found;
    };
    if (name === '--from' && keyword === 'COPY' && raw !== '') {
      flags = { ...flags, from: stage.sourceOf(raw, refuse) };
    } else if (name === '--chmod' && modeName.test(value)) {
      flags = { ...flags, mode: value };
    } else if (name === '--chown' && ownerOf(value) !== undefined) {
      flags = { ...flags, owner: ownerOf(value) };
    } else if (name === '--exclude' && value !== '' && !value.startsWith('!')) {
      flags = { ...flags, excluded: [...flags.excluded, value] };
    } else if (name === '--parents' && keyword === 'COPY') {
      flags = { ...flags, parents: isTrue() };
    } else if (name === '--unpack' && keyword === 'ADD') {
      flags = { ...flags, unpack: isTrue() };
    } else if (name === '--checksum' && keyword === 'ADD' && /^sha256:[\da-f]{64}$/.test(value)) {
      flags = { ...flags, checksum: value.slice('sha256:'.length) };
    } else if (name === '--keep-git-dir' && keyword === 'ADD') {
      flags = { ...flags, keepsGit: isTrue() };
    } else if (name === '--link') {
      // There are no layers here, so it makes no difference.
      isTrue();
    } else {
      throw refuse(
        `${flag} cannot be honoured. ${keyword} takes ${
          keyword === 'COPY'
            ? '--from, --chown, --chmod, --exclude, --parents and'
            : '--chown, --chmod, --exclude, --unpack, --keep-git-dir, --checksum=sha256:… and'
        } --link.`,
      );
    }
  }
  return flags;
}
