import { clientContract } from './clientContract';

clientContract("OpenHands' own server", () => ({
  url: process.env['OPENHANDS_SERVER_URL'] ?? '',
  sessionKey: process.env['OPENHANDS_SESSION_KEY'],
}));
