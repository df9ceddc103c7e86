import type { Memento } from 'vscode';
import type { ConsentRule, RuleReach } from '../../core/agents/consent';
import { asArray, asObject, asString } from '../../core/parse';

const key = 'runloop.agentRules';
/** Rules that are kept; the oldest go first. */
const mostRules = 500;

/** What a person has allowed from now on, over all windows. */
export class ConsentRules {
  readonly #memory: Memento;

  constructor(memory: Memento) {
    this.#memory = memory;
  }

  of(devboxId: string): readonly ConsentRule[] {
    return this.#all().filter((rule) => rule.devboxId === devboxId);
  }

  async add(rule: ConsentRule): Promise<void> {
    const others = this.#all().filter((one) => !isSame(one, rule));
    await this.#memory.update(key, [...others, rule].slice(-mostRules));
  }

  async takeBack(rule: ConsentRule): Promise<void> {
    await this.#memory.update(
      key,
      this.#all().filter((one) => !isSame(one, rule)),
    );
  }

  #all(): readonly ConsentRule[] {
    return asArray(this.#memory.get(key)).flatMap((stored) => ruleIn(stored) ?? []);
  }
}

function isSame(one: ConsentRule, other: ConsentRule): boolean {
  const words = ({ agent, devboxId, tool, cwd, allows, more }: ConsentRule): string =>
    JSON.stringify([
      ...[agent, devboxId, tool, cwd, allows.kind, more ?? null],
      ...(allows.kind === 'paths' ? [allows.under] : [allows.command, allows.in ?? null]),
    ]);
  return words(one) === words(other);
}

function ruleIn(stored: unknown): ConsentRule | undefined {
  const rule = asObject(stored);
  const [agent, devboxId, tool, cwd] = ['agent', 'devboxId', 'tool', 'cwd'].map((name) => asString(rule?.[name]));
  const allows = reachIn(asObject(rule?.['allows']));
  if (agent === undefined || devboxId === undefined || tool === undefined || cwd === undefined) return undefined;
  const more = rule?.['more'];
  if (allows === undefined || (more !== undefined && typeof more !== 'string')) return undefined;
  return { agent, devboxId, tool, cwd, allows, ...(more !== undefined && { more }) };
}

function reachIn(reach: ReturnType<typeof asObject>): RuleReach | undefined {
  const under = asString(reach?.['under']);
  // What begins elsewhere than at the root would be a prefix of any path, or of none.
  if (reach?.['kind'] === 'paths') return under?.startsWith('/') === true ? { kind: 'paths', under } : undefined;
  const runsIn = reach?.['in'] ?? undefined;
  if (reach?.['kind'] !== 'command' || (runsIn !== undefined && typeof runsIn !== 'string')) return undefined;
  const words = asArray(reach['command']);
  const texts = words.flatMap((word) => asString(word) ?? []);
  const command = asString(reach['command']) ?? (texts.length > 0 && texts.length === words.length ? texts : undefined);
  return command === undefined ? undefined : { kind: 'command', command, in: runsIn };
}
