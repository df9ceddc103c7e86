import { isNoSecret, secretNames } from './assignments';

/*
 * Secrets that tell by their place what they are: a variable of a shell or a Dockerfile, a list of headers, a field of a key
 * file. Those among the words of a command: ./commandSecrets.ts.
 */

const word = `(?:"[^"\\n]{1,200}"|'[^'\\n]{1,200}'|[^\\s"'|;&]{1,200})`;
/** Each: what stays to be read, what goes, and what a text must have for it. */
const places: readonly (readonly [has: RegExp, place: RegExp])[] = [
  [/-data/, /(client-(?:key|certificate)-data["']?: {0,4}["']?)[A-Za-z0-9+/=]{16,}/g],
  // Files of keys as fields, as the secrets of Kubernetes have them.
  [
    /\.(?:key|p12|pfx|jks|docker)|id_/,
    /((?:\.(?:key|p12|pfx|jks|keystore|dockerconfigjson|dockercfg)|\bid_(?:rsa|dsa|ecdsa|ed25519))["']?: {0,4}["']?)(?!LS0tLS1CRUdJTi(?:BDRVJU|BQVUJMSUM))[A-Za-z0-9+/]{40,}={0,2}/g,
  ],
  [/Private-/, /(Private-(?:MAC|Hash): {0,4})[0-9a-f]{40,64}/g],
  // The beginning of a key's PEM, in base64; certificates and public keys begin otherwise.
  [/LS0tLS1CRUdJTi/, /(LS0tLS1CRUdJTi)(?!BDRVJU|BQVUJMSUM)[A-Za-z0-9+/_-]{16,}={0,2}/g],
  [
    /"(?:d[pq]?|p|qi?|k)"/,
    /("(?:d[pq]?|p|qi?|k)"\s{0,4}:\s{0,4}")(?=[^"]{0,40}[A-Z])(?=[^"]{0,40}[a-z])[A-Za-z0-9_-]{32,}/g,
  ],
  [/Q~/, /([\w~.-]{3}\dQ~)[\w~.-]{31,}/g],
  [/[?&#]code=/, /([?&#]code=)(?=[^&\s]{0,60}\d)[^&\s"'<>]{10,}/g],
  [
    /key|token|secret/i,
    /(["'](?:[a-z]{1,20}-){1,4}(?:key|token|secret)["']\s{0,4},\s{0,4}["'])(?=[^"'\n]{0,60}\d)[^"'\s]{6,}/gi,
  ],
];
const variable = new RegExp(
  `((?<![\\w-])(?:set(?: {1,2}--?[A-Za-z]{1,10}){1,3}|ENV) {1,4}[A-Z0-9_]{0,60}?${secretNames} {1,4})(${word})`,
  'gi',
);

/** Removes secrets that stand where secrets stand. */
export function withoutPlaced(text: string): string {
  let result = text;
  for (const [has, place] of places) if (has.test(result)) result = result.replace(place, '$1[removed]');
  if (!/(?:set|ENV)/.test(text)) return result;
  return result.replace(variable, (all: string, head: string, value: string) =>
    /^(?:set|ENV)/.test(head) && !isNoSecret(value) ? `${head}[removed]` : all,
  );
}

const blockStart = new RegExp(
  `^([ \\t]*)(?:- )?["']?[\\w.-]{0,60}?${secretNames}["']?:[ \\t]{1,4}[|>][-+0-9]{0,2}[ \\t]*$`,
  'i',
);

/** Finds the lines of a secret whose beginning only tells that it follows: a block of YAML, a PuTTY key. */
export class BlockLines {
  /** Columns that the lines of the block have more of; undefined outside. */
  #indent: number | undefined;
  #keyLines = 0;

  /** What is shown instead of a line of a block whose beginning was seen; undefined for other lines. */
  take(line: string): string | undefined {
    if (this.#indent !== undefined) {
      const indent = line.search(/\S/);
      if (indent === -1) return undefined;
      if (indent > this.#indent) return `${line.slice(0, indent)}[removed]`;
      this.#indent = undefined;
    }
    if (this.#keyLines > 0) {
      this.#keyLines -= 1;
      if (/^\s*[A-Za-z0-9+/=]{4,}\s*$/.test(line)) return '[removed]';
      this.#keyLines = 0;
    }
    if (line.length > 300) return undefined;
    this.#indent = blockStart.exec(line)?.[1]?.length;
    this.#keyLines = Number(/^\s*Private-Lines: (\d{1,3})\s*$/.exec(line)?.[1] ?? 0);
    return undefined;
  }
}

/** The same in one text. */
export function withoutBlocks(text: string): string {
  if (!/[|>][-+0-9]{0,2}[ \t]*\r?\n|Private-Lines/.test(text)) return text;
  const blocks = new BlockLines();
  return text
    .split('\n')
    .map((line) => blocks.take(line) ?? line)
    .join('\n');
}
