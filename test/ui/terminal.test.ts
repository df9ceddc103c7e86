import { terminals } from './parts/terminal';
import { shareWindow } from './sharedWindow';

shareWindow('Terminals', { settings: { 'terminal.integrated.gpuAcceleration': 'off' } }, terminals);
