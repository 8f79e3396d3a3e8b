/** The types of the language, derived from its schema; nothing of TypeBox is left when the product runs. */

import type { Static } from 'typebox';
import type { CasesWords } from './words/cases.ts';
import type { Connection as ConnectionWords } from './words/connection.ts';
import type { Lookup as LookupWords } from './words/lookup.ts';
import type { ManifestWords } from './words/manifest.ts';
import type { Request as RequestWords } from './words/request.ts';
import type { Response as ResponseWords } from './words/response.ts';
import type { Setting as SettingWords } from './words/settings.ts';

export type Manifest = Static<typeof ManifestWords>;
export type SettingSpec = Static<typeof SettingWords>;
export type ConnectionSpec = Static<typeof ConnectionWords>;
export type RateLimitSpec = Extract<NonNullable<ConnectionSpec['rateLimit']>, { requests: number }>;
export type RequestSpec = Static<typeof RequestWords>;
export type LookupSpec = Static<typeof LookupWords>;
export type ResponseSpec = Static<typeof ResponseWords>;
export type ObjectSpec = NonNullable<Manifest['objects']>[number];
export type ModeSpec = NonNullable<Manifest['modes']>[number];
export type FieldSpec = NonNullable<Manifest['fields']>[number];
/** What may stand at the top, in an object and in a mode. */
export type FlowSpec = NonNullable<NonNullable<Manifest['sync']>['add']>;
export type StepSpec = Exclude<FlowSpec, string>[number];
export type FormSpec = Pick<Manifest, 'fields' | 'customFields' | 'options' | 'validate' | 'sync'>;

export type CasesSpec = Static<typeof CasesWords>;
