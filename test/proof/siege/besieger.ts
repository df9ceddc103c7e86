/*
 * A program: the hostile side of a siege, apart from who measures and judges. It gets one message for each run, attacks, and
 * tells how often it did what; it ends with who started it.
 */
import { asArray, asNumber, asObject, asString } from '../../../src/core/parse';
import { clientFor } from '../../platform/testPlatform';
import { Dice } from '../dice';
import { attacksOn } from './attacks';
import type { Hostile } from './hostileDevbox';

process.on('disconnect', () => process.exit());
process.on('message', (message) => void attack(message).then((counts) => process.send?.(counts)));

async function attack(message: unknown): Promise<Readonly<Record<string, number>>> {
  const order = asObject(message);
  const baseUrl = asString(order?.['baseUrl']) ?? '';
  const client = clientFor(baseUrl, asString(order?.['apiKey']) ?? '');
  const attacks = attacksOn({ port: Number(new URL(baseUrl).port) }, client);
  const hostile = asArray(order?.['hostile']).flatMap((entry): Hostile[] => {
    const [id, key] = [asString(asObject(entry)?.['id']), asString(asObject(entry)?.['key'])];
    return id === undefined || key === undefined ? [] : [{ id, key }];
  });
  const dice = new Dice(asString(order?.['dice']) ?? '', 0);
  const counts: Record<string, number> = {};
  // All is drawn before anything happens, so that a run is the same whatever comes first.
  const chosen = Array.from({ length: asNumber(order?.['attacks']) ?? 0 }, (_, at) => {
    const [name, deed] = dice.pick(attacks);
    counts[name] = (counts[name] ?? 0) + 1;
    return { deed, from: hostile[dice.whole(0, hostile.length - 1)], own: dice.apart(at) };
  });
  await Promise.all(chosen.map(async ({ deed, from, own }) => (from === undefined ? undefined : deed(own, from))));
  return counts;
}
