import {
  errorAt,
  isChunkflowError,
  type OperatorDefinition,
  type SourceDefinition,
  type VariableType,
} from '../../authoring/index.js'
import type { LoadedPlugin } from '../registry/registry.js'

/** A checked step: options parsed, variables known. */
export interface PlannedStep {
  readonly index: number
  /** Instance name. */
  readonly name: string
  readonly definition: OperatorDefinition
  readonly plugin: LoadedPlugin
  readonly options: Readonly<Record<string, unknown>>
  readonly inputs: readonly PlannedPort[]
  readonly outputs: readonly PlannedPort[]
  /** What the operator says of itself. */
  readonly explanation: readonly string[]
  /** Bytes at the peak besides the variables, when the operator can say. */
  readonly estimatedBytes: number | undefined
  /** Types of all variables after the step. */
  readonly variables: Readonly<Record<string, VariableType>>
}

export interface PlannedPort {
  readonly flag: string
  readonly variable: string
  readonly nullable: boolean
  readonly optional: boolean
}

export interface PlannedSource {
  readonly name: string
  readonly definition: SourceDefinition
  readonly plugin: LoadedPlugin
  readonly options: Readonly<Record<string, unknown>>
}

/** Adds the step to an error of its `infer`, `explain` or `estimate`. */
export function atStep<T>(step: { readonly name: string; readonly index: number }, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw isChunkflowError(error) ? errorAt(error, `${step.name} (step ${step.index + 1})`) : error
  }
}
