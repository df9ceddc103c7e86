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
  readonly label: string;
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
