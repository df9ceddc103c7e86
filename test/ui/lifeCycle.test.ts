import { fromStartToEnd } from './parts/lifeCycle';
import { openVscode } from './parts/openVscode';
import { startWithOptions } from './parts/startWithOptions';
import { shareWindow } from './sharedWindow';

// Later starts offer the choices of the second.
shareWindow(
  'A devbox from its start to its end, and what can be chosen',
  {},
  fromStartToEnd,
  startWithOptions,
  openVscode,
);
