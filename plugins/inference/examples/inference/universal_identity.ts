/** The same as universal_identity.py, in TypeScript: the class has a method `infer` instead of being called. */

interface Patches {
  readonly data: Float32Array
  /** (batch, channel, z, y, x) */
  readonly shape: readonly number[]
}

export class PatchInferencer {
  /** Optional: goes to the log of the task. */
  readonly computeDevice = 'JavaScript'
  readonly #mask: Patches

  /**
   * @param weightPath of --convnet-weight-path
   * @param outputPatchMask weights of an output patch, (z, y, x)
   */
  constructor(_weightPath: string | undefined, outputPatchMask: Patches) {
    this.#mask = outputPatchMask
  }

  /** Takes patches of the output patch size; the result is multiplied by the patch weights. May return a promise. */
  infer({ data, shape }: Patches): Patches {
    const weights = this.#mask.data
    return { data: data.map((value, index) => value * weights[index % weights.length]!), shape }
  }
}
