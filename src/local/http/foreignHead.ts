import { validateHeaderName, validateHeaderValue } from 'node:http';

/** The head of an answer, as Node's parser read it from a program that nobody vouches for. */
export interface ForeignHead {
  readonly statusCode?: number | undefined;
  readonly statusMessage?: string | undefined;
}

/** A head that can be sent on. */
export interface SafeHead {
  readonly status: number;
  readonly message: string;
  readonly headers: string[];
}

/**
 * An answer's head as it can be sent on: Node reads heads that it refuses to write, and throws then. Reasons and headers lose
 * what cannot be written.
 * @param rawHeaders names and values in turn
 * @returns undefined for a status that HTTP does not have
 */
export function safeHead(
  { statusCode, statusMessage }: ForeignHead,
  rawHeaders: readonly string[],
): SafeHead | undefined {
  if (statusCode === undefined || !Number.isInteger(statusCode) || statusCode < 200 || statusCode > 999) {
    return undefined;
  }
  const headers: string[] = [];
  let chunked = false;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = [rawHeaders[at], rawHeaders[at + 1]];
    if (isWritable(name, value)) {
      headers.push(name, value);
      chunked ||= name.toLowerCase() === 'transfer-encoding' && /\bchunked\b/i.test(value);
    }
  }
  return {
    status: statusCode,
    // Tab, what can be printed, and the upper half, as Node allows it.
    message: (statusMessage ?? '').replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, ''),
    headers: chunked ? headers : without(headers, 'trailer'),
  };
}

function isWritable(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    // Left out: there is no way to say it.
    return false;
  }
}

/** Node refuses to announce trailers where none can follow. */
function without(headers: readonly string[], unwanted: string): string[] {
  return headers.filter((_, at) => (headers[at - (at % 2)] ?? '').toLowerCase() !== unwanted);
}
