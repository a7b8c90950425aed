import {
  type AnyToken,
  isChunkflowError,
  type Need,
  type ServiceFamily,
  type ServiceNeeds,
} from '@chunkflow/kernel/authoring'
import { broken, refusalOf } from '../conformance-check.js'
import { open, portVariables, results, type Subject, sampleVariables } from './sample.js'

const writes = ({ definition: { effects } }: Subject): boolean => effects === 'write'

/** In a dry run nothing outside changes, and the services refuse what would change something, as in the host. */
export async function checkDryRun(subject: Subject): Promise<void> {
  const before = await subject.settings.outside?.()
  const services = readOnly(subject.definition.services ?? {}, subject.settings.services ?? {})
  const step = await open(subject, {
    services,
    dryRun: true,
    globals: { ...subject.settings.globals, dryRun: true },
  })
  try {
    await step.run(sampleVariables(subject))
  } catch (error) {
    if (isChunkflowError(error) && error.code === 'dry-run-refused') throw broken(error.what)
    throw error
  } finally {
    await step.dispose()
  }
  if ((await subject.settings.outside?.()) !== before) throw broken('a dry run changes something outside')
}

/** Only operators that say so change anything outside, and doing a finished task again changes nothing. */
export async function checkOutside(subject: Subject): Promise<void> {
  const before = await subject.settings.outside?.()
  await results(subject, sampleVariables(subject))
  const once = await subject.settings.outside?.()
  if (!writes(subject) && once !== before)
    throw broken(`something outside was changed though effects are "${subject.definition.effects}"`)
  await results(subject, sampleVariables(subject))
  if ((await subject.settings.outside?.()) !== once)
    throw broken('doing a task again changes what the first time left behind')
}

/** The kernel hands null to ports that take it, and hands tasks over that skipped what stands before. */
export async function checkSkipped(subject: Subject): Promise<void> {
  for (const { name, nullable } of portVariables(subject, 'input')) {
    if (!nullable) continue
    await refusalOf(
      () => results(subject, { ...sampleVariables(subject), [name]: null }),
      `null in "${name}"`,
    )
  }
  const step = await open(subject)
  try {
    if (step.step.arriveSkipped !== undefined)
      await refusalOf(() => step.arriveSkipped(sampleVariables(subject)), 'a task that skipped to it')
  } finally {
    await step.dispose()
  }
}

/** The services as the host gives them in a dry run. */
function readOnly(
  needs: ServiceNeeds,
  services: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(services).map(([name, service]) => {
      const need = needs[name] as Need | undefined
      const token: AnyToken | undefined = need === undefined ? undefined : 'token' in need ? need.token : need
      const wrap = token?.readOnly
      if (wrap === undefined || service === undefined) return [name, service]
      if (!token!.many) return [name, wrap(service)]
      const family = service as ServiceFamily<unknown>
      return [name, { ...family, get: async (key: string) => wrap(await family.get(key)) }]
    }),
  )
}
