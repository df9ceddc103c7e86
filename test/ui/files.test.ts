import { changes } from './parts/changes';
import { fileOperations } from './parts/fileOperations';
import { files } from './parts/files';
import { shareWindow } from './sharedWindow';

shareWindow('Files', {}, files, changes, fileOperations);
