/**
 * A named service. The symbol comes from the global registry, so that a token made by a plugin's own copy of the SDK
 * is the host's token.
 */
export interface Token<T> {
  readonly id: string
  readonly symbol: symbol
  readonly many: false
  readonly version: number
  /** Never set: carries the type. */
  readonly serviceType?: T
}

/** A family of services, one per key (a URL scheme, a file format, a framework). */
export interface KeyedToken<T> {
  readonly id: string
  readonly symbol: symbol
  readonly many: true
  readonly version: number
  readonly serviceType?: T
}

/** How a keyed token arrives. */
export interface ServiceFamily<T> {
  keys(): readonly string[]
  has(key: string): boolean
  /** @throws service-missing, naming the keys there are */
  get(key: string): Promise<T>
}

// biome-ignore lint/suspicious/noExplicitAny: tokens of all service types meet here
export type AnyToken = Token<any> | KeyedToken<any>
/** Token, or `{ token, optional: true }` for a service that may be missing (it is then undefined). */
export type Need = AnyToken | { readonly token: AnyToken; readonly optional: true }
export type ServiceNeeds = Readonly<Record<string, Need>>

type Resolved<T> = T extends KeyedToken<infer S> ? ServiceFamily<S> : T extends Token<infer S> ? S : never
export type ServicesOf<N> = {
  readonly [K in keyof N]: N[K] extends { readonly token: infer T; readonly optional: true }
    ? Resolved<T> | undefined
    : Resolved<N[K]>
}

/** Names a single service. @param id `author.service`, stable; @param version grows when the contract breaks */
export const token = <T>(id: string, version = 1): Token<T> =>
  Object.freeze({ id, symbol: Symbol.for(`${id}@${version}`), many: false, version })

/** Names a family of services. */
export const keyedToken = <T>(id: string, version = 1): KeyedToken<T> =>
  Object.freeze({ id, symbol: Symbol.for(`${id}@${version}`), many: true, version })

export const optionalService = <T extends AnyToken>(
  wanted: T,
): { readonly token: T; readonly optional: true } => Object.freeze({ token: wanted, optional: true })
