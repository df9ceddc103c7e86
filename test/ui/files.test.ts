import { changes } from './parts/changes';
import { fileOperations } from './parts/fileOperations';
import { filesAndAccounts } from './parts/filesAndAccounts';
import { files, filesOfAttached } from './parts/files';
import { shareWindow } from './sharedWindow';

shareWindow('Files', {}, files, filesOfAttached, changes, fileOperations, filesAndAccounts);
