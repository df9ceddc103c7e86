import { l10n } from 'vscode';
import { longestKeepAliveSeconds, type EndRule } from '../../core/start/endRule';
import { endRuleText } from './endRuleText';
import { withChoices, type StartStep, type Valued } from './answers';
import { pickStep, textStep } from './steps';

type Way = 'lifetime' | 'suspend' | 'shutdown';
type Picked = EndRule | { readonly kind: 'own'; readonly way: Way };

const mostMinutes = longestKeepAliveSeconds / 60;

/** When the devbox ends by itself: after a lifetime, or when it is idle; Runloop takes one of them. */
export const endStep: StartStep = async (answers, header) => {
  const kept = answers.choices.endRule;
  const rules: EndRule[] = [
    ...[60, 240, 720, 2880].map((minutes): EndRule => ({ kind: 'lifetime', seconds: minutes * 60 })),
    ...[15, 60].flatMap((minutes) =>
      (['suspend', 'shutdown'] as const).map((action): EndRule => ({ kind: 'idle', seconds: minutes * 60, action })),
    ),
  ];
  const known = rules.some((rule) => endRuleText(rule) === endRuleText(kept));
  const items = [
    ...(known ? rules : [kept, ...rules]).map((rule): Valued<Picked> => ({ label: labelOf(rule), value: rule })),
    customTime('lifetime', l10n.t('Shut down after a custom time…')),
    customTime('suspend', l10n.t('Suspend when idle for a custom time…')),
    customTime('shutdown', l10n.t('Shut down when idle for a custom time…')),
  ];
  for (;;) {
    const isActive = ({ label }: Valued<Picked>): boolean => label === labelOf(kept);
    const result = await pickStep(header, { placeHolder: l10n.t('When it ends automatically'), items, isActive });
    if (result.kind !== 'next') return result;
    const picked = result.value[0]?.value ?? kept;
    if (picked.kind !== 'own') return withChoices(answers, { endRule: picked });
    const typed = await textStep(header, {
      prompt: l10n.t('Minutes, from 1 to {0} (48 h)', mostMinutes),
      value: String(Math.round(kept.seconds / 60)),
      problem: (text) =>
        minutesOf(text) === undefined
          ? l10n.t('Enter a whole number of minutes from 1 to {0}.', mostMinutes)
          : undefined,
    });
    if (typed.kind === 'left') return typed;
    const minutes = typed.kind === 'next' ? minutesOf(typed.value.text) : undefined;
    if (minutes !== undefined) return withChoices(answers, { endRule: ruleOf(picked.way, minutes * 60) });
  }
};

/** Its words as a row of its own, which begins as the others do. */
function labelOf(rule: EndRule): string {
  const text = endRuleText(rule);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function customTime(way: Way, label: string): Valued<Picked> {
  return { label, value: { kind: 'own', way } };
}

function ruleOf(way: Way, seconds: number): EndRule {
  return way === 'lifetime' ? { kind: 'lifetime', seconds } : { kind: 'idle', seconds, action: way };
}

function minutesOf(text: string): number | undefined {
  const minutes = Number(text.trim());
  return /^\d+$/.test(text.trim()) && minutes >= 1 && minutes <= mostMinutes ? minutes : undefined;
}
