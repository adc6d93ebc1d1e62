/** What a part of the screen stands for, so that a click finds it. Views say so of what they draw. Pure. */

export type Clickable =
  /** In the list beside the messages. */
  | { readonly kind: 'room' | 'requests' | 'invitation'; readonly roomId: string }
  | { readonly kind: 'member'; readonly name: string; readonly fingerprint: string }
  /** Members for whom there is no room. */
  | { readonly kind: 'members' }
  /** The notice that there is more below. */
  | { readonly kind: 'newest' }
  /** Of the conversation. */
  | { readonly kind: 'entry'; readonly key: string }
  | { readonly kind: 'link'; readonly url: string }
  /** Of a list that fills a page or covers the conversation; `key` names it there. */
  | { readonly kind: 'row'; readonly list: ListName; readonly key: string }

export type ListName = 'login' | 'rooms' | 'jump' | 'search' | 'requests'

export function isSameClickable(a: Clickable | undefined, b: Clickable | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
