/** Choices by chance, for what is made at random and must be made again. */

export type Chance = () => number;

export function pick<T>(chance: Chance, list: readonly T[]): T {
  return list[Math.floor(chance() * list.length)] as T; // no list here is empty
}

export function whole(chance: Chance, below: number): number {
  return Math.floor(chance() * below);
}

export function bytes(chance: Chance, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => whole(chance, 256)));
}
