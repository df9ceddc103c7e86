import { fromOutside } from './parts/outsiders';
import { whyDidItStop } from './parts/whyStopped';
import { shareWindow } from './sharedWindow';

shareWindow('Hostile texts, and reasons', {}, fromOutside, whyDidItStop);
