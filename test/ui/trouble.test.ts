import { remedies } from './parts/remedies';
import { startTrouble } from './parts/startTrouble';
import { whenSomethingIsWrong } from './parts/trouble';
import { shareWindow } from './sharedWindow';

// The last signs in with another key.
shareWindow('When it does not go well', {}, whenSomethingIsWrong, startTrouble, remedies);
