/** What a template may give as a value. */

import { toValue } from 'liquidjs';
import { renderFault } from './render-fault.ts';

/** `nil`, `empty` and `blank` are LiquidJS's own objects; NaN and infinities are no JSON. @throws {Fault} for a number that is none */
export function checked(result: unknown): unknown {
  const value: unknown = typeof result === 'object' ? toValue(result) : result;
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw renderFault('number', `a calculation gave ${value}, which is no number that can be sent`);
}
