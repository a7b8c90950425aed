import type { AnyOperator, FlagDefinition } from '@chunkflow/kernel/authoring'
import type { ConformanceCheck } from './conformance-check.js'
import { CHUNK_FORMS, checkDtypes, checkForm, checkSample } from './operator/chunks.js'
import { checkDeclaration, checkOptions } from './operator/declaration.js'
import { checkDryRun, checkOutside, checkSkipped } from './operator/effects.js'
import { checkMemory } from './operator/memory.js'
import { checkBlocks, checkInputs, checkOffset, checkRepeat, checkUnused } from './operator/results.js'
import { type ConformanceSettings, type Subject, subjectOf } from './operator/sample.js'

export type { ConformanceCheck } from './conformance-check.js'
export type { ConformanceSettings } from './operator/sample.js'

/**
 * What every operator owes its users, from its declaration alone: run each check as a test of its own.
 *
 * ```ts
 * for (const { name, run } of operatorConformance(threshold, { options: { threshold: 0.5 } })) test(name, run)
 * ```
 *
 * A source owes the first two only. An operator may refuse chunks of a form or element type, with a ChunkflowError of a
 * code of its own; the sample that the settings describe it must take.
 */
export function operatorConformance(
  definition: AnyOperator,
  settings: ConformanceSettings = {},
): ConformanceCheck[] {
  const declared: ConformanceCheck[] = [
    { name: 'is declared as the house asks', run: async () => checkDeclaration(definition) },
    { name: 'refuses options that make no sense', run: async () => checkOptions(definition, settings) },
  ]
  if (definition.role === 'source') return declared
  const check = (name: string, run: (subject: Subject) => Promise<void>): ConformanceCheck => ({
    name,
    run: () => run(subjectOf(definition, settings)),
  })
  const flags = Object.values(definition.flags as Record<string, FlagDefinition>)
  const reads = settings.variables !== undefined || flags.some(({ port }) => port?.direction === 'input')
  return [
    ...declared,
    check('takes the sample and keeps the promises of infer', checkSample),
    ...(reads
      ? [
          ...Object.keys(CHUNK_FORMS).map((form) =>
            check(`takes or refuses ${form}`, (subject) => checkForm(subject, form)),
          ),
          check('takes or refuses every element type', checkDtypes),
          check('leaves its inputs as they were', checkInputs),
        ]
      : []),
    check('copes with skipped tasks', checkSkipped),
    check('changes nothing in a dry run', checkDryRun),
    check('changes outside only what it should', checkOutside),
    check('ends quietly when it was never needed', checkUnused),
    check('keeps within its memory estimate', checkMemory),
    check('gives the same result again', checkRepeat),
    check('gives the same result block by block', checkBlocks),
    ...(settings.positionDependent ? [] : [check('does not depend on the offset', checkOffset)]),
  ]
}
