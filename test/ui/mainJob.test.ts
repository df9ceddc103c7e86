import { closedWindow } from './parts/closedWindow';
import { mainJob } from './parts/mainJob';
import { shareWindow } from './sharedWindow';

// The second closes the window.
shareWindow('From the first devbox to the last window', {}, mainJob, closedWindow);
