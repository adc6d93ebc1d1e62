/** One line of JSON that is harmless on a terminal too. */

export type JsonValue = string | number | boolean | null | JsonObject | readonly JsonValue[]
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined
}

/**
 * JSON.stringify escapes the C0 control characters alone. These are left, and some terminals act on them: DEL and the
 * C1 controls (U+009B begins an escape sequence), bidirectional overrides and marks, line and paragraph separators.
 */
const active = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

export function jsonLine(object: JsonObject): string {
  return JSON.stringify(object).replace(active, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
