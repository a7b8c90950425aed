import type { Compute } from '../contracts/compute.js'

/** What a numeric function needs of its operator: the services it works with and, if it has one, the task's signal. */
export interface ComputeServices {
  readonly compute: Compute
  readonly signal?: AbortSignal | undefined
}

/** The options of a COMPUTE call; an absent signal is left out. */
export const computeOptions = ({ signal }: ComputeServices): { signal?: AbortSignal } =>
  signal === undefined ? {} : { signal }
