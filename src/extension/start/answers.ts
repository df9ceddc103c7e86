import { l10n, window, type QuickPickItem } from 'vscode';
import { hourlyPrice, type Prices } from '../../core/cost/prices';
import { RuntimeError } from '../../core/errors';
import { oneLine } from '../../core/safeText';
import type { Choice, ChoiceList } from '../../core/platform/choices';
import type { CallOptions } from '../../core/platform/apiCalls';
import type { RunloopApi } from '../../core/platform/runloopApi';
import type { StartChoices } from '../../core/start/startChoices';
import { escapeForEditor } from '../messages/escapeForEditor';
import { readPresets, type OfferedPreset, type PresetProblem } from './presets';
import type { Step } from './steps';

/** What was answered so far. */
export interface Answers {
  readonly choices: StartChoices;
  readonly name: string;
  /** What the account's devboxes cost; undefined where they cost nothing. */
  readonly prices: Prices | undefined;
  /** The preset that all choices come from; then only the name is asked. */
  readonly preset?: OfferedPreset | undefined;
  /** The blueprint is not there yet: it is built, or its build awaited, before the start. */
  readonly buildFirst?: boolean;
}

export type StartStep = Step<Answers>;

/** What the account and this window offer for a start. */
export interface Offers {
  readonly blueprints: readonly Choice[];
  readonly snapshots: readonly Choice[];
  readonly secrets: readonly Choice[];
  readonly policies: readonly Choice[];
  readonly presets: readonly OfferedPreset[];
  readonly problems: readonly PresetProblem[];
}

/** Reads all of it at once. @throws RuntimeError if the account cannot be asked */
export async function readOffers(api: RunloopApi, call: CallOptions): Promise<Offers> {
  const [blueprints, snapshots, secrets, policies, { presets, problems }] = await Promise.all([
    api.blueprints.choices(call),
    orNone(api.snapshots.choices(call)),
    orNone(api.secrets.choices(call)),
    orNone(api.networkPolicies.choices(call)),
    readPresets(),
  ]);
  tellOfGaps([blueprints, snapshots, secrets, policies]);
  return {
    blueprints: blueprints.choices,
    snapshots: snapshots.choices,
    secrets: secrets.choices,
    policies: policies.choices,
    presets,
    problems,
  };
}

export interface Valued<T> extends QuickPickItem {
  readonly value: T;
}

/** Answers with some of the choices changed. */
export function withChoices(
  answers: Answers,
  changed: Partial<StartChoices>,
): { readonly kind: 'next'; readonly value: Answers } {
  return { kind: 'next', value: { ...answers, choices: { ...answers.choices, ...changed } } };
}

/** Names from outside as one safe line. */
export function shown(text: string): string {
  return escapeForEditor(oneLine(text, 60));
}

/** The estimated price of an hour in dollars; undefined if it costs nothing or the size is not known. */
export function estimatedHour(
  { size, customSize }: Pick<StartChoices, 'size' | 'customSize'>,
  prices: Prices | undefined,
): string | undefined {
  return prices === undefined ? undefined : hourlyPrice(size, customSize, prices)?.toFixed(2);
}

/** What an account or platform does not offer (403, 404, 501) is no choice; other failures are told. */
async function orNone(list: Promise<ChoiceList>): Promise<ChoiceList> {
  try {
    return await list;
  } catch (error) {
    if (RuntimeError.is(error) && [403, 404, 501].includes(error.status ?? 0)) {
      return { choices: [], isCut: false, malformed: 0 };
    }
    throw error;
  }
}

/** Says what the lists of a start do not have, as nobody could tell it from them. */
function tellOfGaps(lists: readonly ChoiceList[]): void {
  if (lists.some(({ isCut }) => isCut)) {
    void window.showWarningMessage(
      l10n.t('This account has more blueprints, snapshots, secrets or policies than can be listed. Some are missing.'),
    );
  }
  const malformed = lists.reduce((sum, list) => sum + list.malformed, 0);
  if (malformed > 0) {
    void window.showWarningMessage(l10n.t("Entries of the account's lists that could not be read: {0}", malformed));
  }
}
