import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { NoAnswer } from '../forwarding/forwarderPage';
import type { ForwardTarget } from '../forwarding/forwardTarget';
import type { HiddenAddresses } from './hiddenAddresses';
import type { OwnCookies } from '../forwarding/ownCookies';
import type { PageInput } from './pageInput';
import type { Answer, Question } from './port/askHolder';
import type { SharedPort } from './port/sharedPort';

/** A devbox that browsers know, served at the moment or not. */
export interface Host {
  readonly name: string;
  /** What windows that serve it know it by. Secret. */
  readonly id: string;
  readonly hidden: HiddenAddresses;
  /** What a person does in its pages, where somebody wants to know. */
  readonly input: PageInput | undefined;
  /** What it may see of the cookies of a host name that is not its own. */
  readonly cookies: OwnCookies;
  target: ForwardTarget | undefined;
  /** Serves it under its own host name. */
  readonly shared: SharedPort;
  /** Serves it under any host name, for browsers elsewhere. */
  single: SharedPort | undefined;
}

/**
 * The name below `localhost` under which it is served, once its port is known. That is in it: whoever takes the port away hears the
 * name from browsers, and their cookies, which know no ports; these open nothing under the name that goes with the next port.
 */
export function labelOf(secret: string, id: string, port: number): string {
  return `devbox-${hashed(secret, `${id}\n${port}`)}`;
}

/** @param authority what a browser asks for */
export function isNamed(secret: string, { id, shared: { port } }: Host, authority: string): boolean {
  const label = /^([a-z0-9-]+)\.localhost(?::\d+)?$/i.exec(authority)?.[1]?.toLowerCase();
  return port !== undefined && label === labelOf(secret, id, port);
}

/** What nobody can guess who does not have the secret. */
export function hashed(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex').slice(0, 32);
}

/** What it is served on. */
export function portsOf({ shared, single }: Host): SharedPort[] {
  return single === undefined ? [shared] : [shared, single];
}

/** What another window is told that works with the same devbox. */
export function replyOf({ target, hidden, shared, single }: Host, question: Question): Answer {
  switch (question.kind) {
    case 'wait':
      return {};
    case 'yield':
      if (target !== undefined) return { yields: false };
      // After the answer.
      setImmediate(() => {
        shared.letGo();
        single?.letGo();
      });
      return { yields: true };
    case 'hide':
      return target === undefined ? {} : { path: hidden.add(question.first, question.later) };
  }
}

/** Its VS Code asks for a token that the browser does not have. */
export function locked({ statusCode }: IncomingMessage): NoAnswer | undefined {
  return statusCode === 403 ? 'locked' : undefined;
}
