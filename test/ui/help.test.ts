import { inChinese } from './parts/chinese';
import { firstStepsAndHelp } from './parts/help';
import { everyTheme } from './parts/themes';
import { shareWindow } from './sharedWindow';

shareWindow('Help and looks', {}, firstStepsAndHelp, everyTheme, inChinese);
