import { openVscode } from './parts/openVscode';
import { startWithOptions } from './parts/startWithOptions';
import { shareWindow } from './sharedWindow';

shareWindow('What can be chosen', {}, startWithOptions, openVscode);
