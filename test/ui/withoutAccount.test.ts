import { withoutAccount } from './parts/localPlatform';
import { signingIn } from './parts/signIn';
import { shareWindow } from './sharedWindow';

shareWindow('Somebody without an account', { signedIn: false }, signingIn, withoutAccount);
