import type { Effects } from '../operator/define-operator.js'
import type { FlagDefinition } from '../operator/flag.js'
import type { Permission } from './define-plugin.js'

/** An operator as the registry lists it: everything help and the chain scanner need, nothing that must be imported. */
export interface OperatorEntry {
  readonly name: string
  readonly aliases: readonly string[]
  readonly role: 'operator' | 'source'
  readonly effects: Effects
  readonly summary: string
  readonly description?: string
  readonly examples: readonly string[]
  readonly flags: Readonly<Record<string, FlagDefinition>>
  /** Variables written besides those named by flags. */
  readonly sets?: readonly string[]
  readonly nameChar?: string
  readonly unknownFlags?: 'collect'
}

export interface ServiceEntry {
  readonly token: string
  readonly version: number
  readonly key?: string
}

export interface HookEntry {
  readonly name: string
  readonly summary: string
  readonly critical?: boolean
}

/** `chunkflow.plugin.json`: what a plugin offers, written by its build. */
export interface PluginSlice {
  readonly package: string
  readonly version: string
  readonly apiVersion: number
  readonly description: string
  readonly operators: readonly OperatorEntry[]
  readonly services: readonly ServiceEntry[]
  readonly hooks: readonly HookEntry[]
  readonly permissions: readonly Permission[]
}
