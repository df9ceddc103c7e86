import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { asObject, asString, parseJson, type JsonObject } from '../../../../src/core/parse';

/*
 * The protocol's schema as it is published with its library. What the library itself reads frames with is lenient: it leaves
 * out what it does not understand, and calls the rest valid.
 */
const file = 'node_modules/@agentclientprotocol/sdk/schema/v1/schema.json';
const schema = asObject(parseJson(readFileSync(file, 'utf8'))) ?? {};
const parts = asObject(schema['$defs']) ?? {};

type Kind = 'Request' | 'Response' | 'Notification';
const checks = new Map<string, z.ZodType>();

/** @returns undefined for what the protocol does not have */
function checkOf(side: 'agent' | 'client', method: string, kind: Kind): z.ZodType | undefined {
  const key = `${side} ${method} ${kind}`;
  const name = Object.keys(parts).find((one) => {
    const part = asObject(parts[one]);
    return part?.['x-side'] === side && part['x-method'] === method && one.endsWith(kind);
  });
  if (name !== undefined && !checks.has(key)) {
    const whole = { $schema: 'https://json-schema.org/draft/2020-12/schema', $ref: `#/$defs/${name}`, $defs: parts };
    checks.set(key, z.fromJSONSchema(whole as Parameters<typeof z.fromJSONSchema>[0]));
  }
  return checks.get(key);
}

const errorCheck = z.object({ code: z.int(), message: z.string() });

/**
 * Checks each frame of a session.
 *
 * @param told the lines that the agent was told
 * @param said the lines that it said; one without an end is not looked at
 * @returns what is wrong, of each line that is no frame of the protocol; what begins with `_` is the agent's own
 */
export function invalidFrames(told: string, said: string): readonly string[] {
  const [ours, theirs] = [told, said].map((text) =>
    text.split('\n').filter((line, at, all) => line !== '' && at < all.length - 1),
  );
  const asked = { told: methods(ours ?? []), said: methods(theirs ?? []) };
  return [
    ...(ours ?? []).flatMap((line) => wrong('told', line, 'agent', asked.said)),
    ...(theirs ?? []).flatMap((line) => wrong('said', line, 'client', asked.told)),
  ];
}

/** What a side has asked for, by its ids. */
function methods(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.flatMap((line) => {
      const frame = asObject(parseJson(line));
      const method = asString(frame?.['method']);
      return method === undefined ? [] : [[JSON.stringify(frame?.['id']), method]];
    }),
  );
}

/** @param to whose methods it may name */
function wrong(
  by: 'told' | 'said',
  line: string,
  to: 'agent' | 'client',
  askedByOther: ReadonlyMap<string, string>,
): readonly string[] {
  const about = (why: string): readonly string[] => [`${by} ${line.slice(0, 300)}: ${why}`];
  const frame = asObject(parseJson(line));
  if (frame === undefined || frame['jsonrpc'] !== '2.0') return about('no message of JSON-RPC');
  const { id } = frame;
  const method = asString(frame['method']);
  if (method?.startsWith('_') === true) return [];
  if (method !== undefined) {
    const check = checkOf(to, method, id === undefined ? 'Notification' : 'Request');
    return check === undefined ? about('unknown method') : faults(check, frame['params'], about);
  }
  const answers = askedByOther.get(JSON.stringify(id));
  if (answers === undefined) return about('answers nothing');
  if (frame['error'] !== undefined) return faults(errorCheck, frame['error'], about);
  const check = checkOf(to === 'agent' ? 'client' : 'agent', answers, 'Response');
  return check === undefined ? about('unknown method') : faults(check, resultOf(frame), about);
}

/** Some answer with null where the protocol has an object without anything in it. */
function resultOf(frame: JsonObject): unknown {
  return frame['result'] ?? {};
}

function faults(check: z.ZodType, value: unknown, about: (why: string) => readonly string[]): readonly string[] {
  const { error } = check.safeParse(value);
  return error === undefined ? [] : about(z.prettifyError(error).slice(0, 300));
}
