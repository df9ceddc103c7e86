/*
 * What the Agent Client Protocol's library checks frames with. Its entry point has types only, and a connection that knows
 * nothing of other windows; so its schema is read from where it is. Read on first use: this file is a chunk of its own.
 */
import type { z } from 'zod';
import {
  zAuthenticateResponse,
  zInitializeResponse,
  zLoadSessionResponse,
  zNewSessionResponse,
  zPromptResponse,
  zRequestPermissionRequest,
  zResumeSessionResponse,
  zSessionNotification,
  zSetSessionModeResponse,
} from '../../../node_modules/@agentclientprotocol/sdk/dist/v1/schema/zod.gen.js';

export type InitializeAnswer = z.infer<typeof zInitializeResponse>;
export type PermissionAsked = z.infer<typeof zRequestPermissionRequest>;
export type SessionUpdate = z.infer<typeof zSessionNotification>;

/** What an agent answers, by our method; and what it says and asks. */
export const acpSchema = {
  initialize: zInitializeResponse,
  authenticate: zAuthenticateResponse,
  'session/new': zNewSessionResponse,
  'session/load': zLoadSessionResponse,
  'session/resume': zResumeSessionResponse,
  'session/prompt': zPromptResponse,
  'session/set_mode': zSetSessionModeResponse,
  permission: zRequestPermissionRequest,
  update: zSessionNotification,
} as const;

export type AcpSchema = typeof acpSchema;
