import { chunkflowError, isChunkflowError } from '../errors/chunkflow-error.js'
import type { Logger } from '../operator/context.js'

/**
 * A named service. The symbol comes from the global registry, so that a token made by a plugin's own copy of the SDK
 * is the host's token.
 */
export interface Token<T> {
  readonly id: string
  readonly symbol: symbol
  readonly many: false
  readonly version: number
  /** Wraps the service for a dry run so that it refuses to change anything. */
  readonly readOnly?: (service: T) => T
  /** Never set: carries the type. */
  readonly serviceType?: T
}

/** A family of services, one per key (a URL scheme, a file format, a framework). */
export interface KeyedToken<T> {
  readonly id: string
  readonly symbol: symbol
  readonly many: true
  readonly version: number
  readonly readOnly?: (service: T) => T
  readonly serviceType?: T
}

/** How a keyed token arrives. */
export interface ServiceFamily<T> {
  keys(): readonly string[]
  has(key: string): boolean
  /** @throws service-missing, naming the keys there are */
  get(key: string): Promise<T>
}

/**
 * Every service of a family that can be made, for steps that ask each in turn (which reader knows this file?). One of a
 * plugin that cannot be loaded is left out with a warning, so that it does not stop the others.
 */
export async function* eachService<T>(
  family: ServiceFamily<T>,
  logger: Pick<Logger, 'warn'>,
): AsyncGenerator<T> {
  for (const key of family.keys()) {
    let service: T
    try {
      service = await family.get(key)
    } catch (error) {
      if (!isChunkflowError(error) || error.code !== 'plugin-invalid') throw error
      logger.warn(`left out "${key}": ${error.what}`)
      continue
    }
    yield service
  }
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

export interface TokenSettings<T> {
  /** Grows when the contract breaks; another version is another service. */
  readonly version?: number
  readonly readOnly?: (service: T) => T
}

/** Names a single service. @param id `author.service`, stable */
export const token = <T>(id: string, settings: TokenSettings<T> = {}): Token<T> =>
  Object.freeze({ id, many: false, ...tokenIdentity(id, settings) })

/** Names a family of services. */
export const keyedToken = <T>(id: string, settings: TokenSettings<T> = {}): KeyedToken<T> =>
  Object.freeze({ id, many: true, ...tokenIdentity(id, settings) })

function tokenIdentity<T>(id: string, { version = 1, readOnly }: TokenSettings<T>) {
  return { symbol: Symbol.for(`${id}@${version}`), version, ...(readOnly === undefined ? {} : { readOnly }) }
}

export const optionalService = <T extends AnyToken>(
  wanted: T,
): { readonly token: T; readonly optional: true } => Object.freeze({ token: wanted, optional: true })

/** A copy of a service whose named methods refuse: the guarantee behind dry runs. */
export function refuseMethods<T extends object>(
  service: T,
  methods: readonly (keyof T & string)[],
  describe: string,
): T {
  const refusals = methods.map((name) => [
    name,
    () => {
      throw chunkflowError('dry-run-refused', `A dry run changes nothing: ${describe} was asked to ${name}`, {
        fix: 'this is a mistake of the operator: it needs a dryRun method',
      })
    },
  ])
  return new Proxy(service, {
    get: (target, property, receiver) => {
      const refusal = refusals.find(([name]) => name === property)
      if (refusal !== undefined) return refusal[1]
      const value = Reflect.get(target, property, receiver)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
