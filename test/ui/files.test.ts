import { changes } from './parts/changes';
import { files } from './parts/files';
import { shareWindow } from './sharedWindow';

shareWindow('Files', {}, files, changes);
