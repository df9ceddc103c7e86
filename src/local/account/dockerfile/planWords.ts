import { posix } from 'node:path';
import type { Instruction } from './instructions';
import { ownerOf } from './planCopy';
import type { Refuse } from './refusal';
import { isPredefined, platformArguments } from './scope';
import type { StageState } from './stageState';
import { jsonWords, plainWords, quotedWords } from './words';

/** Names that ENV and ARG may set. */
const variableName = /^[A-Za-z_][\w.-]*$/;

/**
 * ENV, or a LABEL, as pairs of name and value.
 * @throws the refusal of a word that is no pair
 */
export function pairsOf(
  { keyword, rest }: Instruction,
  stage: StageState,
  refuse: Refuse,
): readonly (readonly [string, string])[] {
  const words = quotedWords(rest, stage.escape);
  const [first] = words;
  if (first === undefined) {
    throw refuse(`${keyword} needs a name and a value.`);
  }
  if (!first.includes('=')) {
    const [, name = '', value] = /^(\S+)\s+([^]*)$/.exec(rest) ?? [];
    if (value === undefined) {
      throw refuse(`${keyword} needs a name and a value.`);
    }
    return [[stage.scope.fill(name, refuse), stage.scope.fill(value, refuse)]];
  }
  return words.map((word) => {
    const at = word.indexOf('=');
    if (at <= 0) {
      throw refuse(`"${word}" is no name=value of ${keyword}.`);
    }
    return [stage.scope.fill(word.slice(0, at), refuse), stage.scope.fill(word.slice(at + 1), refuse)];
  });
}

/** ENV: all of its values are those from before it. */
export function planEnv(instruction: Instruction, stage: StageState, refuse: Refuse): void {
  const pairs = pairsOf(instruction, stage, refuse);
  for (const [name, value] of pairs) {
    if (!variableName.test(name) || value.includes('\0')) {
      throw refuse(`"${name}" cannot be the name of a variable.`);
    }
    stage.scope.setEnvironment(name, value);
  }
  stage.note(`ENV ${pairs.map(([name]) => name).join(' ')}`);
}

/** The names that an ARG declares, with the values it says. */
export function argumentsOf(
  { rest }: Instruction,
  escape: string,
  refuse: Refuse,
): readonly { readonly name: string; readonly value: string | undefined }[] {
  const words = quotedWords(rest, escape);
  if (words.length === 0) {
    throw refuse('ARG needs a name.');
  }
  return words.map((word) => {
    const at = word.indexOf('=');
    const name = at === -1 ? word : word.slice(0, at);
    if (!variableName.test(name)) {
      throw refuse(`"${name}" cannot be the name of an argument.`);
    }
    return { name, value: at === -1 ? undefined : word.slice(at + 1) };
  });
}

/**
 * ARG within a stage.
 * @param global arguments from before the first FROM
 */
export function planArg(
  instruction: Instruction,
  stage: StageState,
  global: Readonly<Record<string, string>>,
  refuse: Refuse,
): void {
  const platform = platformArguments();
  const values = argumentsOf(instruction, stage.escape, refuse).map(({ name, value }) => ({
    name,
    chosen:
      stage.given[name] ?? (value === undefined ? (global[name] ?? platform[name]) : stage.scope.fill(value, refuse)),
  }));
  for (const { name, chosen } of values) {
    if (chosen !== undefined) {
      stage.scope.setArgument(name, chosen);
    }
  }
  stage.note(`ARG ${values.map(({ name }) => name).join(' ')}`);
}

/** WORKDIR: the folder belongs to whom USER has named by then. */
export function planFolder({ rest }: Instruction, stage: StageState, refuse: Refuse): void {
  const path = stage.scope.fill(rest, refuse);
  if (path === '') {
    throw refuse('WORKDIR needs a folder.');
  }
  stage.folder = stage.absolute(path);
  stage.namesFolder = true;
  stage.push({ kind: 'folder', title: `WORKDIR ${path}`, path: stage.folder, user: stage.user });
}

/** USER. */
export function planUser({ rest }: Instruction, stage: StageState, refuse: Refuse): void {
  const text = stage.scope.fill(rest, refuse);
  const user = ownerOf(text);
  if (user === undefined) {
    throw refuse(`"${rest}" cannot be a user. Give a name or a number, and behind a colon a group.`);
  }
  stage.user = user;
  stage.lastUser = user;
  stage.note(`USER ${text}`);
}

/** SHELL: the words in front of the commands of RUN from now on. */
export function planShell({ rest }: Instruction, stage: StageState, refuse: Refuse): void {
  const words = jsonWords(rest, refuse) ?? [];
  if (words.length === 0) {
    throw refuse('SHELL needs its words as a JSON list, such as ["/bin/bash", "-c"].');
  }
  stage.shell = words;
  stage.note(`SHELL ${rest}`);
}

/** VOLUME: there are no volumes here, so its folders are ordinary ones. */
export function planVolume({ rest }: Instruction, stage: StageState, refuse: Refuse): void {
  const words = jsonWords(rest, refuse) ?? plainWords(rest);
  if (words.length === 0) {
    throw refuse('VOLUME needs a folder.');
  }
  for (const word of words) {
    const name = stage.scope.fill(word, refuse);
    if (name === '') {
      throw refuse(`VOLUME needs a folder, and "${word}" is empty.`);
    }
    const path = posix.resolve('/', name);
    stage.push({
      kind: 'folder',
      title: `VOLUME ${path}: an ordinary folder of the devbox`,
      path,
      user: { name: 'root' },
    });
  }
}

/** ONBUILD: kept for the stages that begin with this one. */
export function planTrigger(instruction: Instruction, stage: StageState, refuse: Refuse): void {
  const [, keyword = '', rest = ''] = /^(\S+)\s*([^]*)$/.exec(instruction.rest) ?? [];
  const word = keyword.toUpperCase();
  if (word === '' || ['ONBUILD', 'FROM', 'MAINTAINER'].includes(word)) {
    throw refuse(`ONBUILD cannot have ${word === '' ? 'nothing' : word} behind it.`);
  }
  stage.triggers.push({ ...instruction, keyword: word, rest });
  stage.note(`ONBUILD ${instruction.rest}: for stages that begin with this one`);
}

/** The build arguments that nothing asks for. */
export function unusedArguments(
  given: Readonly<Record<string, string>>,
  declared: ReadonlySet<string>,
): readonly string[] {
  return Object.keys(given).filter((name) => !declared.has(name) && !isPredefined(name));
}
