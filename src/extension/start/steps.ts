import { l10n, QuickInputButtons, window, type QuickInput, type QuickInputButton, type QuickPickItem } from 'vscode';
import type { Disposable } from '../../core/events';

/** What the user did in one step: went on with a value, went back, or left. */
export type StepResult<T> =
  { readonly kind: 'next'; readonly value: T } | { readonly kind: 'back' } | { readonly kind: 'left' };

/** Where a step stands among the others. */
export interface StepHeader {
  readonly title: string;
  /** From 1. */
  readonly step: number;
  /** Asked again when the items have come: what they offer may decide how many steps there are. */
  readonly totalSteps: () => number;
}

/**
 * A pick among items, with Back from the second step on. The items may come later; until then the box says that it is
 * busy. What fails while reading them is thrown.
 */
export async function pickStep<T extends QuickPickItem>(
  header: StepHeader,
  options: {
    readonly placeHolder: string;
    readonly items: Promise<readonly T[]> | readonly T[];
    /** Where to start; the first item otherwise. */
    readonly isActive?: (item: T) => boolean;
    readonly canPickMany?: boolean;
  },
): Promise<StepResult<readonly T[]>> {
  const box = window.createQuickPick<T>();
  const subscriptions: Disposable[] = [box];
  try {
    setHeader(box, header);
    box.placeholder = options.placeHolder;
    box.ignoreFocusOut = true;
    box.matchOnDescription = true;
    box.canSelectMany = options.canPickMany ?? false;
    if (header.step > 1) box.buttons = [QuickInputButtons.Back];
    return await new Promise<StepResult<readonly T[]>>((resolve, reject) => {
      subscriptions.push(
        box.onDidTriggerButton(() => resolve({ kind: 'back' })),
        box.onDidHide(() => resolve({ kind: 'left' })),
        box.onDidAccept(() => {
          if (box.canSelectMany || box.selectedItems.length > 0) {
            resolve({ kind: 'next', value: [...box.selectedItems] });
          }
        }),
      );
      box.busy = true;
      box.show();
      Promise.resolve(options.items).then((items) => {
        box.items = items;
        box.busy = false;
        box.totalSteps = header.totalSteps();
        const active = options.isActive === undefined ? undefined : items.find(options.isActive);
        if (active !== undefined) box.activeItems = [active];
      }, reject);
    });
  } finally {
    for (const subscription of subscriptions) subscription.dispose();
  }
}

/** What was typed, and whether the step's own button was pressed instead of Enter. */
export interface Typed {
  readonly text: string;
  readonly pressed: boolean;
}

/** A text to type, with Back from the second step on; Enter is refused while the text has a problem. */
export async function textStep(
  header: StepHeader,
  options: {
    readonly prompt: string;
    readonly value: string;
    readonly problem: (value: string) => string | undefined;
    readonly button?: QuickInputButton;
    /** True shows dots instead of what is typed. */
    readonly isHidden?: boolean;
  },
): Promise<StepResult<Typed>> {
  const box = window.createInputBox();
  const subscriptions: Disposable[] = [box];
  try {
    setHeader(box, header);
    box.prompt = options.prompt;
    box.value = options.value;
    box.password = options.isHidden ?? false;
    box.ignoreFocusOut = true;
    box.buttons = [
      ...(header.step > 1 ? [QuickInputButtons.Back] : []),
      ...(options.button === undefined ? [] : [options.button]),
    ];
    return await new Promise<StepResult<Typed>>((resolve) => {
      const go = (pressed: boolean): void => {
        const problem = options.problem(box.value);
        if (problem === undefined) resolve({ kind: 'next', value: { text: box.value, pressed } });
        else box.validationMessage = problem;
      };
      subscriptions.push(
        box.onDidTriggerButton((button) => (button === QuickInputButtons.Back ? resolve({ kind: 'back' }) : go(true))),
        box.onDidHide(() => resolve({ kind: 'left' })),
        box.onDidChangeValue((value) => {
          box.validationMessage = options.problem(value);
        }),
        box.onDidAccept(() => go(false)),
      );
      box.show();
    });
  } finally {
    for (const subscription of subscriptions) subscription.dispose();
  }
}

/** One step of a wizard: asks, given the answers so far, and gives the answers with its own; Back may keep some. */
export type Step<A> = (
  answers: A,
  header: StepHeader,
) => Promise<StepResult<A> | { readonly kind: 'back'; readonly value: A }>;

/**
 * Runs steps in order; Back returns to the one before, with the answers kept.
 *
 * @param stepsFor which steps there are, which answers may change
 * @returns the answers after the last step, or undefined if the user left
 */
export async function runSteps<A>(
  title: string,
  stepsFor: (answers: A) => readonly Step<A>[],
  start: A,
): Promise<A | undefined> {
  let answers = start;
  let index = 0;
  for (;;) {
    const step = stepsFor(answers)[index];
    if (step === undefined) return answers;
    const current = answers;
    const result = await step(current, { title, step: index + 1, totalSteps: () => stepsFor(current).length });
    if (result.kind === 'left') return undefined;
    if ('value' in result) answers = result.value;
    index += result.kind === 'next' ? 1 : -1;
  }
}

function setHeader(box: QuickInput, header: StepHeader): void {
  Object.assign(box, { title: header.title, step: header.step, totalSteps: header.totalSteps() });
}

/** The place holder for steps that need nothing. */
export function optionalHint(text: string): string {
  return l10n.t('{0} (press Enter for none)', text);
}
