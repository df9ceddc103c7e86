import { ports } from './parts/ports';
import { terminals, terminalsOfAttached } from './parts/terminal';
import { shareWindow } from './sharedWindow';

const settings = { 'terminal.integrated.gpuAcceleration': 'off' };
shareWindow('Terminals and ports', { settings }, terminals, terminalsOfAttached, ports);
