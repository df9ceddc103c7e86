import * as editor from 'vscode';
import { InputBoxValidationSeverity, l10n, ThemeIcon, window, type InputBox, type QuickInputButton } from 'vscode';
import type { Disposable } from '../../core/events';
import { asNumber, asObject } from '../../core/parse';
import { patternOf } from '../../core/logs/search/logQuery';

/** Where buttons are that stand in the input box; undefined in an editor that has no such place (before VS Code 1.109). */
function insideTheBox(): number | undefined {
  return asNumber(asObject(Reflect.get(editor, 'QuickInputButtonLocation'))?.['Input']);
}

/** A button that is on or off. Editors that know toggles draw them so; the others are told by the prompt alone. */
function toggle(icon: string, tooltip: string, checked: boolean): QuickInputButton {
  const button: QuickInputButton = { iconPath: new ThemeIcon(icon), tooltip };
  const location = insideTheBox();
  return location === undefined ? button : Object.assign(button, { location, toggle: { checked } });
}

/** What is looked for. */
export interface Sought {
  readonly text: string;
  readonly isRegExp: boolean;
  readonly matchCase: boolean;
  readonly isWord: boolean;
}

/**
 * Asks what to look for: a text or a regular expression, with or without regard to case, and to words where that can be asked.
 *
 * @param options.earlier what was looked for last
 * @returns undefined if the user leaves it
 */
export async function askForQuery({
  title,
  earlier,
  hasWords = false,
}: {
  readonly title: string;
  readonly earlier: Omit<Sought, 'isWord'> & { readonly isWord?: boolean };
  readonly hasWords?: boolean;
}): Promise<Sought | undefined> {
  const box = window.createInputBox();
  const subscriptions: Disposable[] = [box];
  let { isRegExp, matchCase, isWord = false } = earlier;
  const query = (): Sought => ({ text: box.value, isRegExp, matchCase, isWord });
  const draw = (): void => {
    const buttons = [
      toggle('case-sensitive', l10n.t('Match Case'), matchCase),
      toggle('regex', l10n.t('Use Regular Expression'), isRegExp),
      ...(hasWords ? [toggle('whole-word', l10n.t('Match Whole Word'), isWord)] : []),
    ];
    box.buttons = buttons;
    box.prompt = [
      isRegExp ? l10n.t('Regular expression') : l10n.t('Text'),
      matchCase ? l10n.t('match case') : l10n.t('ignore case'),
      ...(isWord ? [l10n.t('whole words')] : []),
    ].join(' · ');
    validate(box, query());
  };
  box.title = title;
  box.placeholder = l10n.t('Enter what to search for');
  box.value = earlier.text;
  draw();
  try {
    return await new Promise((resolve) => {
      subscriptions.push(
        box.onDidChangeValue(() => validate(box, query())),
        box.onDidTriggerButton((button) => {
          if (button === box.buttons[0]) matchCase = !matchCase;
          else if (button === box.buttons[1]) isRegExp = !isRegExp;
          else isWord = !isWord;
          draw();
        }),
        box.onDidAccept(() => {
          if (box.value !== '' && typeof patternOf(query()) !== 'string') resolve(query());
        }),
        box.onDidHide(() => resolve(undefined)),
      );
      box.show();
    });
  } finally {
    for (const subscription of subscriptions) subscription.dispose();
  }
}

function validate(box: InputBox, query: Sought): void {
  const pattern = patternOf(query);
  box.validationMessage =
    typeof pattern === 'string' ? { message: pattern, severity: InputBoxValidationSeverity.Error } : undefined;
}
