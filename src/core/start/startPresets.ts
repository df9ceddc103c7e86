import * as z from 'zod';
import { sizes, type Capacity } from '../cost/prices';
import { customSizeProblem, customSizeWord } from './customSize';
import { longestKeepAliveSeconds, type EndRule } from './endRule';
import { nameFault } from '../variables';
import { RuntimeError, saidBy } from '../errors';
import type { Problem } from '../problems/problem';
import { startProblem } from '../problems/start';
import { parseRepository, type StartChoices, type StartSource, nameProblem } from './startChoices';
import { oneLine } from '../safeText';

/*
 * Presets come from settings and from files of a workspace, which anybody may have written. They are read strictly: one
 * unknown word refuses the whole file, so that nothing (an address, a key) is ever taken from it that is not named here.
 */

/** Characters of a preset file at the most. */
export const longestPresetFile = 65_536;

const mostPresets = 50;
const mostMinutes = longestKeepAliveSeconds / 60;

const nameText = z
  .string()
  .check(
    z.refine((name) => nameProblem(name) === undefined, 'must have 1 to 100 characters, without control characters'),
  );
const idText = z.string().regex(/^[\w.-]{1,100}$/, 'must be an id');
const variableName = z
  .string()
  .max(200)
  .regex(/^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable');
const minutes = z.int().min(1).max(mostMinutes);

const presetShape = z
  .strictObject({
    name: nameText.meta({ description: 'Name of the preset, as the start shows it.' }),
    blueprint: nameText.optional().meta({
      description:
        'Name of the blueprint to start from; its latest finished build is used. Without blueprint, snapshot and plain, the blueprint of the settings.',
    }),
    snapshot: idText.optional().meta({ description: 'Id of the disk snapshot to start from, instead of a blueprint.' }),
    plain: z
      .literal(true)
      .optional()
      .meta({ description: "Start from Runloop's default image, without an action server." }),
    size: z.enum(Object.keys(sizes)).optional().meta({ description: 'Size of the devbox.' }),
    customSize: z
      .strictObject({
        cpuCores: z.number().min(0.5).max(16).meta({ description: '0.5, 1 or an even number up to 16.' }),
        memoryGib: z
          .number()
          .min(1)
          .max(64)
          .meta({ description: '1 or an even number up to 64; 2 to 8 for each CPU.' }),
        diskGib: z.number().min(2).max(64).meta({ description: 'An even number from 2 to 64.' }),
      })
      .optional()
      .meta({ description: 'A size of your own, instead of size.' }),
    lifetimeMinutes: minutes
      .optional()
      .meta({ description: 'Minutes after which the devbox is shut down, at most 2880 (48 h).' }),
    idle: z
      .strictObject({
        minutes: minutes.meta({ description: 'Minutes without use.' }),
        action: z.enum(['suspend', 'shutdown']).meta({ description: 'What happens to a devbox that nobody uses.' }),
      })
      .optional()
      .meta({ description: 'An idle rule, instead of a lifetime.' }),
    repository: z.string().max(300).optional().meta({ description: 'GitHub repository to clone, as owner/name.' }),
    uploadWorkspace: z.literal(true).optional().meta({
      description:
        'Upload the workspace folder: what .gitignore names is left out, and files that look like secrets are asked about.',
    }),
    environment: z
      .record(variableName, z.string().max(32_768))
      .optional()
      .meta({ description: 'Environment variables. For secret values use secrets.' }),
    secrets: z
      .array(variableName)
      .max(100)
      .optional()
      .meta({ description: 'Names of account secrets, each passed on as a variable of its own name.' }),
    networkPolicy: idText.optional().meta({ description: 'Id of a network policy of the account.' }),
  })
  .meta({ title: 'Preset for a Runloop devbox' });

const presetsShape = z.array(presetShape).max(mostPresets);

/** What a workspace file may hold. */
export const presetFileShape = z.strictObject({
  $schema: z.string().max(1_000).optional(),
  presets: presetsShape.meta({ description: 'Ways to start a devbox for this folder.' }),
});

export type Preset = z.infer<typeof presetShape>;

/** What is taken for what a preset leaves open. */
export interface PresetDefaults {
  readonly blueprint: string;
  readonly size: string;
  readonly lifetimeSeconds: number;
  /** The folder that `uploadWorkspace` means. */
  readonly folder: string | undefined;
}

/**
 * Reads the presets of a workspace file.
 *
 * @throws RuntimeError `invalid_option` that names the first thing that is wrong; then nothing of the file is used
 */
export function parsePresetFile(text: string): readonly Preset[] {
  if (text.length > longestPresetFile) throw wrong(startProblem('presets_too_large'));
  let value: unknown;
  try {
    value = JSON.parse(text, (key, part: unknown) => {
      if (key === '__proto__') {
        throw wrong(startProblem('presets_forbidden_name'));
      }
      return part;
    });
  } catch (error) {
    if (RuntimeError.is(error)) throw error;
    throw wrong(startProblem('presets_no_json', { why: saidBy(error, 120) }));
  }
  return checked(presetFileShape.safeParse(value)).presets.map(checkedPreset);
}

/**
 * Reads the presets of the settings.
 *
 * @throws RuntimeError `invalid_option` that names the first thing that is wrong
 */
export function parsePresets(value: unknown): readonly Preset[] {
  return checked(presetsShape.safeParse(value ?? [])).map(checkedPreset);
}

function checked<T>(result: z.ZodSafeParseResult<T>): T {
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = oneLine(issue?.path.map(String).join('.') ?? '', 100);
  throw wrong(problemOf(issue, where));
}

function problemOf(issue: z.core.$ZodIssue | undefined, where: string): Problem {
  switch (issue?.code) {
    case 'unrecognized_keys':
      return where === ''
        ? startProblem('presets_unknown_word', { word: oneLine(issue.keys.join(', '), 100) })
        : startProblem('presets_unknown_word_in', { where, word: oneLine(issue.keys.join(', '), 100) });
    case 'too_big':
      return startProblem('presets_too_much', { where, limit: String(issue.maximum) });
    case 'too_small':
      return startProblem('presets_too_little', { where, limit: String(issue.minimum) });
    case 'invalid_value':
      return startProblem('presets_not_one_of', { where, allowed: oneLine(issue.values.map(String).join(', '), 100) });
    default:
      return where === '' ? startProblem('presets_not_allowed') : startProblem('presets_not_allowed_in', { where });
  }
}

/** Presets that cannot be used; nothing of their file is. Words from the file are in it: hostile text. */
function wrong(problem: Problem): RuntimeError {
  return new RuntimeError({ problem });
}

/** What no schema can say. */
function checkedPreset(preset: Preset): Preset {
  const name = oneLine(preset.name, 60);
  const excludes = (...words: string[]): RuntimeError =>
    wrong(startProblem('preset_excludes', { preset: name, words: words.join(', ') }));
  if ([preset.blueprint, preset.snapshot, preset.plain].filter((from) => from !== undefined).length > 1) {
    throw excludes('blueprint', 'snapshot', 'plain');
  }
  if (preset.size !== undefined && preset.customSize !== undefined) throw excludes('size', 'customSize');
  if (preset.customSize !== undefined && customSizeProblem(preset.customSize) !== undefined) {
    throw wrong(startProblem('preset_size', { preset: name }));
  }
  if (preset.lifetimeMinutes !== undefined && preset.idle !== undefined) throw excludes('lifetimeMinutes', 'idle');
  if (preset.repository !== undefined && parseRepository(preset.repository) === undefined) {
    throw wrong(startProblem('preset_repository', { preset: name }));
  }
  for (const [variable, value] of Object.entries(preset.environment ?? {})) {
    if (nameFault(variable, value) === undefined) continue;
    throw wrong(startProblem('preset_variable', { preset: name, name: oneLine(variable, 60) }));
  }
  return preset;
}

/** What a start with a preset chooses. */
export function choicesOf(preset: Preset, defaults: PresetDefaults): StartChoices {
  const { snapshot, customSize, idle, secrets, environment, networkPolicy } = preset;
  const source: StartSource =
    preset.plain === true
      ? { kind: 'plain' }
      : snapshot === undefined
        ? { kind: 'blueprint', name: preset.blueprint ?? defaults.blueprint }
        : { kind: 'snapshot', id: snapshot };
  const endRule: EndRule =
    idle === undefined
      ? {
          kind: 'lifetime',
          seconds: preset.lifetimeMinutes === undefined ? defaults.lifetimeSeconds : preset.lifetimeMinutes * 60,
        }
      : { kind: 'idle', seconds: idle.minutes * 60, action: idle.action };
  const repository = preset.repository === undefined ? undefined : parseRepository(preset.repository);
  return {
    source,
    size: customSize === undefined ? (preset.size ?? defaults.size) : customSizeWord,
    ...(customSize === undefined ? {} : { customSize }),
    endRule,
    ...(repository === undefined ? {} : { repository }),
    ...(preset.uploadWorkspace === true && defaults.folder !== undefined ? { folder: defaults.folder } : {}),
    ...(environment === undefined ? {} : { environment }),
    ...(secrets === undefined ? {} : { secrets: Object.fromEntries(secrets.map((name) => [name, name])) }),
    ...(networkPolicy === undefined ? {} : { networkPolicyId: networkPolicy }),
  };
}

/** Choices as a preset. Values of variables are left out: they may be secret. */
export function presetOf(name: string, choices: StartChoices): Preset {
  const { source, endRule, customSize, repository, folder, secrets, networkPolicyId } = choices;
  const size: { size?: string; customSize?: Capacity } =
    customSize === undefined ? { size: choices.size } : { customSize };
  return {
    name,
    ...(source.kind === 'blueprint' ? { blueprint: source.name } : {}),
    ...(source.kind === 'snapshot' ? { snapshot: source.id } : {}),
    ...(source.kind === 'plain' ? { plain: true } : {}),
    ...size,
    ...(endRule.kind === 'lifetime'
      ? { lifetimeMinutes: Math.round(endRule.seconds / 60) }
      : { idle: { minutes: Math.round(endRule.seconds / 60), action: endRule.action } }),
    ...(repository === undefined ? {} : { repository: `${repository.owner}/${repository.name}` }),
    ...(folder === undefined ? {} : { uploadWorkspace: true }),
    ...(secrets === undefined || Object.keys(secrets).length === 0 ? {} : { secrets: Object.values(secrets) }),
    ...(networkPolicyId === undefined ? {} : { networkPolicy: networkPolicyId }),
  };
}
