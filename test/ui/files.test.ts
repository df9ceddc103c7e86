import { changes } from './parts/changes';
import { changesByAction } from './parts/changesByAction';
import { fileOperations } from './parts/fileOperations';
import { filesAndAccounts } from './parts/filesAndAccounts';
import { files, filesOfAttached } from './parts/files';
import { shareWindow } from './sharedWindow';

shareWindow('Files', {}, files, filesOfAttached, changes, changesByAction, fileOperations, filesAndAccounts);
