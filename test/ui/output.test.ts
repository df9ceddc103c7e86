import { inAHurry } from './parts/hurry';
import { outputOfDevbox } from './parts/output';
import { shareWindow } from './sharedWindow';

shareWindow('Output, and haste', { settings: { 'runloop.pauseOutputAfterMinutes': 0.05 } }, outputOfDevbox, inAHurry);
