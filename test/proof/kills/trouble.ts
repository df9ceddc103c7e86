import type { Dice } from '../dice';

type Rule = Readonly<Record<string, unknown>>;

/** What befalls one start. */
export interface Trouble {
  /** Faults of the platform while the start is under way. */
  readonly rules: readonly Rule[];
  readonly words: readonly string[];
  /** Milliseconds until everything that was cut has been carried out that ever will be. */
  readonly lateMs: number;
}

const create = { method: 'POST', path: '/v1/devboxes' };
/** No repeat is dropped, whatever id it carries. */
export const noDropping: Rule = { fault: 'forget_repeats', ...create };

/** Draws the trouble of one start: mostly with its create, at times with looking for it or with shutting it down. */
export function drawTrouble(dice: Dice): Trouble {
  const lateMs = dice.whole(100, 1_500);
  const count = dice.whole(1, 2);
  const ofCreate: Readonly<Record<string, readonly Rule[]>> = {
    'no fault': [],
    'create answered late': [{ fault: 'delay', delay_ms: dice.whole(50, 1_500), took_effect: true, ...create }],
    'create carried out late': [{ fault: 'delay', delay_ms: dice.whole(50, 800), ...create }],
    'create cut before': [{ fault: 'cut', count, ...create }],
    'create cut after': [{ fault: 'cut', took_effect: true, count, ...create }],
    'create cut, made later': [{ fault: 'cut', effect_after_ms: lateMs, count, ...create }],
    'create 503': [{ fault: 'status', status: 503, count, ...create }],
    'create 503 but made': [{ fault: 'status', status: 503, took_effect: true, count, ...create }],
    'create 429': [{ fault: 'status', status: 429, retry_after_seconds: 0.3, count, ...create }],
    'create 504': [{ fault: 'status', status: 504, took_effect: dice.chance(0.5), count, ...create }],
  };
  const word = dice.pick(Object.keys(ofCreate));
  const words = [word];
  const rules = [...(ofCreate[word] ?? [])];
  if (dice.chance(0.2)) {
    words.push('looks fail');
    rules.push({ fault: 'status', status: 403, method: 'GET', path: '/v1/devboxes', count: dice.whole(1, 2) });
  }
  if (dice.chance(0.25)) {
    words.push('shutdown fails');
    rules.push({ fault: 'status', status: 403, method: 'POST', path: '/v1/devboxes/{id}/shutdown', count: 1 });
  }
  return { rules: [noDropping, ...rules], words, lateMs: word === 'create cut, made later' ? lateMs : 0 };
}
