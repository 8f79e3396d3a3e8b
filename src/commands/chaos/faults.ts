/** The ways in which a chaos target misbehaves, by name. */

import { ANSWER_FAULTS } from './answer-faults.ts';
import { CONNECTION_FAULTS } from './connection-faults.ts';
import { type FaultKind, sendJson } from './exchange.ts';

const TABLE = { ...CONNECTION_FAULTS, ...ANSWER_FAULTS };
export type FaultName = keyof typeof TABLE;
/** A fault, or none. */
export type Step = FaultName | 'honest';

export const KINDS: Readonly<Record<Step, FaultKind>> = {
  ...TABLE,
  honest: {
    sentence: 'takes the rows, and answers',
    takes: 'all',
    says: 'yes',
    play: (exchange) => sendJson(exchange, 200, exchange.answer),
  },
};
export const FAULT_NAMES = Object.keys(TABLE) as readonly FaultName[]; // the keys of a literal

export function isFaultName(name: unknown): name is FaultName {
  return typeof name === 'string' && Object.hasOwn(TABLE, name);
}
