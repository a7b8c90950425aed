import { type Progress, token } from '@chunkflow/kernel/authoring'

/** Shows how far long work is. Steps get it as `context.progress`; a run without it, or a quiet one, shows nothing. */
export const PROGRESS = token<Progress>('chunkflow.progress')
