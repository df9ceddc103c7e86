import { bigAccount } from './parts/bigAccount';
import { devboxTree } from './parts/devboxTree';
import { shareWindow } from './sharedWindow';

shareWindow('The tree, small and big', {}, devboxTree, bigAccount);
