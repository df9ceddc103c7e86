import { accountWords } from './account';
import { agentsWords } from './agents';
import { callWords } from './calls';
import { changesWords } from './changes';
import { devboxWords } from './devbox';
import { filesWords } from './files';
import { httpWords } from './http';
import { moneyWords } from './money';
import { platformWords } from './platform';
import { portsWords } from './ports';
import { startWords } from './start';
import { terminalWords } from './terminal';

/** Every problem that there is; only tests need all of them at once. */
export const allProblems = {
  ...callWords,
  ...httpWords,
  ...accountWords,
  ...platformWords,
  ...moneyWords,
  ...startWords,
  ...devboxWords,
  ...filesWords,
  ...changesWords,
  ...portsWords,
  ...terminalWords,
  ...agentsWords,
} as const;

/** What a problem may be, for programs that tell them apart. */
export type ProblemId = keyof typeof allProblems;
