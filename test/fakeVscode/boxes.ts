import type * as vscode from 'vscode';
import { eventually } from '../eventually';
import { EventEmitter } from './values';

/** What a person finds for a box when it is shown; undefined leaves it open, for the test to work with. */
export type FindAnswer = (question: string) => { readonly choice: Choice } | undefined;

/** A button, an item by its label or a text to type; several for a pick of many; undefined for Escape. */
export type Choice = string | RegExp | readonly (string | RegExp)[] | undefined;

/** Whether a label, without its icon, is one that was chosen: a word is meant as a whole, an expression as a part. */
export function isChosen(label: string, choice: Choice): boolean {
  const plain = label.replace(/^(\$\([^)]*\) ?)+/, '');
  const wanted: readonly (string | RegExp)[] =
    choice === undefined ? [] : typeof choice === 'string' || choice instanceof RegExp ? [choice] : choice;
  return wanted.some((one) => (typeof one === 'string' ? one === plain : one.test(plain)));
}

abstract class FakeBox implements vscode.QuickInput {
  title: string | undefined;
  step: number | undefined;
  totalSteps: number | undefined;
  enabled = true;
  busy = false;
  ignoreFocusOut = false;
  prompt: string | undefined;
  placeholder: string | undefined;
  buttons: readonly vscode.QuickInputButton[] = [];
  value = '';
  isShown = false;
  readonly #hidden = new EventEmitter<void>();
  readonly #accepted = new EventEmitter<void>();
  readonly #valueChanged = new EventEmitter<string>();
  readonly #pressed = new EventEmitter<vscode.QuickInputButton>();
  readonly onDidHide = this.#hidden.event;
  readonly onDidAccept = this.#accepted.event;
  readonly onDidChangeValue = this.#valueChanged.event;
  readonly onDidTriggerButton = this.#pressed.event;

  /** All that a person reads of it. */
  get question(): string {
    return [this.title, this.prompt, this.placeholder].filter((text) => text !== undefined).join('\n');
  }

  show(): void {
    this.isShown = true;
  }

  hide(): void {
    if (!this.isShown) return;
    this.isShown = false;
    this.#hidden.fire();
  }

  dispose(): void {
    this.hide();
  }

  /** Types a text, in place of what is there. */
  type(text: string): void {
    this.value = text;
    this.#valueChanged.fire(text);
  }

  /** Presses Enter. */
  accept(): void {
    this.#accepted.fire();
  }

  /** Presses one of the buttons at the top. */
  press(tooltip: string): void {
    const button = this.buttons.find((one) => one.tooltip === tooltip);
    if (button === undefined) throw new Error(`The box has no button ${tooltip}.`);
    this.#pressed.fire(button);
  }
}

export class FakeInputBox extends FakeBox implements vscode.InputBox {
  valueSelection: readonly [number, number] | undefined;
  password = false;
  validationMessage: string | vscode.InputBoxValidationMessage | undefined;
  readonly #answer: FindAnswer;

  constructor(answer: FindAnswer) {
    super();
    this.#answer = answer;
  }

  override show(): void {
    super.show();
    const found = this.#answer(this.question);
    if (found === undefined) return;
    if (typeof found.choice !== 'string') {
      this.hide();
      return;
    }
    this.type(found.choice);
    this.accept();
  }
}

export class FakeQuickPick<T extends vscode.QuickPickItem> extends FakeBox implements vscode.QuickPick<T> {
  items: readonly T[] = [];
  canSelectMany = false;
  matchOnDescription = false;
  matchOnDetail = false;
  activeItems: readonly T[] = [];
  selectedItems: readonly T[] = [];
  readonly onDidTriggerItemButton: vscode.Event<vscode.QuickPickItemButtonEvent<T>>;
  /** Presses a button of the item of a label. */
  readonly pressAt: (label: string, tooltip: string) => void;
  readonly onDidChangeActive = new EventEmitter<readonly T[]>().event;
  readonly onDidChangeSelection = new EventEmitter<readonly T[]>().event;
  readonly #answer: FindAnswer;
  readonly #onFailure: (error: unknown) => void;

  constructor(answer: FindAnswer, onFailure: (error: unknown) => void) {
    super();
    this.#answer = answer;
    this.#onFailure = onFailure;
    const pressed = new EventEmitter<vscode.QuickPickItemButtonEvent<T>>();
    this.onDidTriggerItemButton = pressed.event;
    this.pressAt = (label, tooltip) => {
      const item = this.items.find((one) => one.label === label);
      const button = item?.buttons?.find((one) => one.tooltip === tooltip);
      if (item === undefined || button === undefined) throw new Error(`There is no button ${tooltip} at ${label}.`);
      pressed.fire({ item, button });
    };
  }

  override show(): void {
    super.show();
    const found = this.#answer(this.question);
    if (found === undefined) return;
    if (found.choice === undefined) this.hide();
    else this.#choose(found.choice).catch(this.#onFailure);
  }

  /** Selects the items of these labels, and presses Enter. */
  async #choose(choice: Choice): Promise<void> {
    // They may come later.
    await eventually(
      () => Promise.resolve(this.busy),
      (busy) => !busy,
    );
    this.selectedItems = this.items.filter(({ label }) => isChosen(label, choice));
    if (this.selectedItems.length === 0 && !this.canSelectMany) {
      throw new Error(`${this.question} does not offer ${String(choice)}, but ${labels(this.items)}`);
    }
    this.accept();
  }
}

/** Labels of items, to tell what there was. */
export function labels(items: readonly (string | vscode.QuickPickItem)[]): string {
  return items.map((item) => (typeof item === 'string' ? item : item.label)).join(' | ');
}

/** A button of a message, with more to it than its words. */
export function isItem(value: unknown): value is vscode.MessageItem {
  return typeof value === 'object' && value !== null && 'title' in value;
}
