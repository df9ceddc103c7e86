import * as editor from 'vscode';
import { InputBoxValidationSeverity, l10n, ThemeIcon, window, type InputBox, type QuickInputButton } from 'vscode';
import type { Disposable } from '../../core/events';
import { asNumber, asObject } from '../../core/parse';
import { patternOf, type LogQuery } from '../../core/logs/search/logQuery';

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

/**
 * Asks what to look for: a text or a regular expression, with or without regard to case.
 *
 * @param earlier what was looked for last
 * @returns undefined if the user leaves it
 */
export async function askForQuery(earlier: LogQuery, devboxes: number): Promise<LogQuery | undefined> {
  const box = window.createInputBox();
  const subscriptions: Disposable[] = [box];
  let { isRegExp, matchCase } = earlier;
  const query = (): LogQuery => ({ text: box.value, isRegExp, matchCase });
  const draw = (): void => {
    const buttons = [
      toggle('case-sensitive', l10n.t('Match Case'), matchCase),
      toggle('regex', l10n.t('Use Regular Expression'), isRegExp),
    ];
    box.buttons = buttons;
    box.prompt = [
      isRegExp ? l10n.t('Regular expression') : l10n.t('Text'),
      matchCase ? l10n.t('match case') : l10n.t('ignore case'),
    ].join(' · ');
    validate(box, query());
  };
  box.title =
    devboxes === 1 ? l10n.t('Search the Log of One Devbox') : l10n.t('Search the Logs of {0} Devboxes', devboxes);
  box.placeholder = l10n.t('Enter what to search for');
  box.value = earlier.text;
  draw();
  try {
    return await new Promise((resolve) => {
      subscriptions.push(
        box.onDidChangeValue(() => validate(box, query())),
        box.onDidTriggerButton((button) => {
          if (button === box.buttons[0]) matchCase = !matchCase;
          else isRegExp = !isRegExp;
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

function validate(box: InputBox, query: LogQuery): void {
  const pattern = patternOf(query);
  box.validationMessage =
    typeof pattern === 'string' ? { message: pattern, severity: InputBoxValidationSeverity.Error } : undefined;
}
