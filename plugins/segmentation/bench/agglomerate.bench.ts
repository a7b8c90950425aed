import type { Zyx } from '@chunkflow/sdk'
import type { ComputeServices } from '@chunkflow/sdk/numerics'
import { javascriptCompute } from '../../../test/bench/javascript/compile.js'
import type { Bench } from '../../../test/bench/measure.js'
import { createPool } from '../../compute/src/pool.js'
import { agglomerate } from '../src/kernels/agglomerate.js'
import { watershed } from '../src/kernels/watershed.js'
import { mirroredAffinities } from './affinities.js'

const SIZE: Zyx = [44, 360, 420]

/** Watershed and agglomeration: WebAssembly on a worker, copies included, against the same source as JavaScript. */
export default async function bench({ ratio }: Bench): Promise<void> {
  const affinity = mirroredAffinities(SIZE)
  const pool = createPool(new URL('../../compute/src/kernel.worker.ts', import.meta.url))
  const assembly = new URL('../src/kernels/assembly/', import.meta.url)
  const compute = await javascriptCompute([
    new URL('watershed.ts', assembly),
    new URL('agglomerate.ts', assembly),
  ])
  const javascript = { compute } as ComputeServices
  const segment = async (services: ComputeServices): Promise<BigUint64Array> => {
    const fragments = await watershed(affinity, SIZE, 0.001, 0.9999, services)
    return agglomerate(affinity, SIZE, fragments, 0.7, services)
  }
  const [ours, theirs] = [await segment({ compute: pool }), await segment(javascript)]
  if (Buffer.compare(Buffer.from(ours.buffer), Buffer.from(theirs.buffer)) !== 0)
    throw new Error('WebAssembly and JavaScript give different segmentations')
  await ratio(
    `segmentation: agglomerate, WebAssembly / JavaScript, ${SIZE.join('x')}`,
    async () => void (await segment({ compute: pool })),
    async () => void (await segment(javascript)),
    { target: 0.85 },
  )
  await pool.dispose()
}
