import type { JsonObject } from '../parse';

/** Arguments of the actions that the server executes, under OpenHands' own names (action server contract §5). */
export interface ActionArguments {
  readonly run: {
    readonly command: string;
    readonly is_input?: boolean;
    readonly blocking?: boolean;
    readonly is_static?: boolean;
    readonly cwd?: string;
    readonly hidden?: boolean;
  };
  readonly run_ipython: { readonly code: string; readonly include_extra?: boolean };
  readonly read: {
    readonly path: string;
    readonly start?: number;
    readonly end?: number;
    readonly impl_source?: 'default' | 'oh_aci';
    readonly view_range?: readonly [number, number];
  };
  readonly write: { readonly path: string; readonly content: string; readonly start?: number; readonly end?: number };
  /** The editor's style (`command`), or the LLM's (`content`, `start`, `end`), which is refused: there is no LLM here. */
  readonly edit: {
    readonly path: string;
    readonly command?: 'view' | 'create' | 'str_replace' | 'insert' | 'undo_edit';
    readonly file_text?: string;
    readonly old_str?: string;
    readonly new_str?: string;
    readonly insert_line?: number;
    readonly content?: string;
    readonly start?: number;
    readonly end?: number;
    readonly impl_source?: 'oh_aci' | 'llm_based_edit';
  };
  readonly browse: { readonly url: string; readonly return_axtree?: boolean };
  readonly browse_interactive: { readonly browser_actions: string; readonly return_axtree?: boolean };
  readonly call_tool_mcp: { readonly name: string; readonly arguments?: JsonObject };
}

/** An action whose type is known, with its arguments checked by the compiler. */
type KnownAction = {
  [Type in keyof ActionArguments]: {
    readonly action: Type;
    readonly args: ActionArguments[Type];
    /** Seconds; absent: the runtime's default. */
    readonly timeout?: number;
  };
}[keyof ActionArguments];

/** Any action, also of a type that only the client or a newer server knows. */
export type Action = KnownAction | { readonly action: string; readonly args: JsonObject; readonly timeout?: number };
