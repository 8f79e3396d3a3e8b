/** Fifty secrets of all shapes that nobody may see, and a search for them that shares no code with what hides them. */

import { seeded } from '../seeded.ts';

export interface Canary {
  readonly name: string;
  /** As the operator or a caller gives it. */
  readonly value: string;
  /** What must not be seen of it. */
  readonly parts: readonly string[];
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export function hatch(seed: number) {
  const random = seeded(seed);
  const word = (length: number, letters = LETTERS) =>
    Array.from({ length }, () => letters[Math.floor(random() * letters.length)]).join('');
  const small = (length: number) => word(length, 'abcdefghijklmnopqrstuvwxyz0123456789');
  const pem = Array.from({ length: 26 }, () => word(64, `${LETTERS}+/`));
  const robot = {
    type: 'robot',
    client_secret: `GOCSPX-${word(28)}`,
    private_key: `-----BEGIN KEY-----\n${pem.slice(0, 3).join('\n')}\n`,
  };
  const hook = word(40);
  const broken = word(24);
  const id = small(20);
  const key = Buffer.from(word(32)).toString('base64');
  const fresh = Buffer.from(word(32)).toString('base64');
  const values: Record<string, string | { value: string; parts: readonly string[] }> = {
    token: word(40),
    otherToken: `${word(20)}+/${word(10)}==`,
    limitedToken: word(24),
    signingKey: { value: `whsec_${key}`, parts: [key.replace(/=+$/, '')] },
    bearer: `sk_live_${word(32)}`,
    basicUser: `user${small(16)}`,
    basicPassword: `Pass${word(6)}:"%41/\\${word(6)} ß€${word(6)}`,
    header: `${word(8)}"quoted"\\back\\\\${word(12)}`,
    headerMade: word(30),
    headerPlain: `${word(10)}%2F${word(10)}`,
    query: `${word(10)}/b+c&d=e%41 "${word(8)}"`,
    queryPlain: `${word(8)}-прароль-密码-${word(8)}`,
    host: small(24),
    hook: { value: `/v1/${hook}`, parts: [hook] },
    path: `${word(12)}/../${word(12)}`,
    params: `${word(20)}?${word(5)}#${word(5)}`,
    pem: { value: `-----BEGIN PRIVATE KEY-----\n${pem.join('\n')}\n-----END PRIVATE KEY-----\n`, parts: pem },
    robot: { value: JSON.stringify(robot, null, 2), parts: [robot.client_secret, ...pem.slice(0, 3)] },
    number: word(16, '123456789'),
    map: { value: `{"id": "${id}", "n": 12}`, parts: [id] },
    fileText: `${word(26)}\n`,
    bodyJson: `${word(8)}</script>&amp;'${word(12)}`,
    bodyForm: `${word(10)}=${word(10)}&x=${word(4)}`,
    bodyText: `${word(12)}\\u0041\\n${word(12)}`,
    badPattern: word(33),
    badJson: { value: `{"broken": "${broken}`, parts: [broken] },
    badEnum: word(22),
    besideMissing: word(31),
    tls: word(35),
    refused: word(36),
    guarded: word(27),
    lookupBearer: `xoxb-${word(12, '0123456789')}-${word(24)}`,
    lookupQuery: word(28),
    literal: `lit_${word(28)}`,
    described: `desc_${word(24)}`,
    short: word(8),
    twelve: word(12),
    uuid: `${word(8, '0123456789abcdef')}-${word(4, '0123456789abcdef')}-4${word(3, '0123456789abcdef')}-a${word(3, '0123456789abcdef')}-${word(12, '0123456789abcdef')}`,
    hex: word(64, '0123456789abcdef'),
    jwt: `eyJ${word(33)}.eyJ${word(120)}.${word(43)}`,
    long: word(3000),
    freshText: `fresh${word(20)}`,
    freshKey: { value: `whsec_${fresh}`, parts: [fresh.replace(/=+$/, '')] },
    blanks: `correct ${small(6)} horse  ${small(8)} staple`,
  };
  for (let caller = 1; caller <= 6; caller++) values[`caller${caller}`] = caller % 2 ? word(32) : `${word(9)}-äöü-"${word(9)}\\é`;
  return Object.entries(values).map(([name, one]): Canary => {
    if (typeof one !== 'string') return { name, value: one.value, parts: one.parts };
    return { name, value: one, parts: [one.trim()] };
  });
}

export interface Sighting {
  readonly where: string;
  readonly canary: string;
  readonly encoding: Encoding;
  readonly form: string;
  readonly around: string;
}

/** Characters that are searched at once, and that two searches share. */
const CHUNK = 1_000_000;
const SHARED = 8_000;
/** Characters of the beginning of a secret that must not stand before a cut. */
const BEFORE_CUT = 8;
/** Characters of the beginning of a secret that must not stand anywhere: where nothing tells that it was cut off, shorter ones may be words. */
const ALONE = { plain: 16, percent: 16, JSON: 16, hex: 12, base64: 8 };

type Encoding = keyof typeof ALONE;

interface Needle {
  readonly canary: string;
  readonly encoding: Encoding;
  readonly text: string;
}

/** Searches whatever is said, in every encoding, without regard to case, and once more with its escapes undone. */
export class Finder {
  readonly sightings: Sighting[] = [];
  /** Characters that were searched, by where they stood. */
  readonly searched = new Map<string, number>();
  readonly #raw: Needle[] = [];
  readonly #all: Needle[] = [];
  readonly #beginnings = new Map<string, Needle[]>();
  readonly #waiting = new Map<string, string>();

  constructor(canaries: readonly Canary[]) {
    for (const { name: canary, parts } of canaries) {
      for (const part of parts) {
        for (const text of new Set([part.toLowerCase(), part.toUpperCase().toLowerCase()]))
          this.#raw.push({ canary, encoding: 'plain', text });
        for (const [encoding, forms] of Object.entries(encoded(part)) as [Encoding, string[]][]) {
          // the keys are its own
          for (const form of new Set(forms.map((one) => one.toLowerCase()))) {
            if (form.length < BEFORE_CUT) continue;
            const whole = { canary, encoding, text: form };
            const cuttable = /^[a-z0-9+/_=-]+$/.test(form);
            this.#all.push(cuttable ? { ...whole, text: form.slice(0, ALONE[encoding]) } : whole);
            const begin = form.slice(0, BEFORE_CUT);
            this.#beginnings.set(begin, [...(this.#beginnings.get(begin) ?? []), whole]);
          }
        }
      }
    }
  }

  feed(where: string, text: string): void {
    const waiting = `${this.#waiting.get(where) ?? ''}\n${text}`;
    this.searched.set(where, (this.searched.get(where) ?? 0) + text.length);
    if (waiting.length < CHUNK) this.#waiting.set(where, waiting);
    else {
      this.#search(where, waiting);
      this.#waiting.set(where, waiting.slice(-SHARED));
    }
  }

  end(): readonly Sighting[] {
    for (const [where, text] of this.#waiting) this.#search(where, text);
    this.#waiting.clear();
    return this.sightings;
  }

  /** What was searched and seen, by place and by encoding. */
  get figures(): string[] {
    const places = [...this.searched].map(
      ([place, length]) =>
        `${place}: ${length} characters, ${this.sightings.filter(({ where }) => where === place).length} sightings`,
    );
    const encodings = Object.keys(ALONE).map(
      (name) => `${name} ${this.sightings.filter(({ encoding }) => encoding === name).length}`,
    );
    return [...places, `sightings by encoding: ${encodings.join(', ')}`];
  }

  #search(where: string, text: string): void {
    const lower = text.toLowerCase();
    this.#look(where, lower, this.#all);
    let undone = lower;
    for (let level = 0; level < 3; level++) {
      const before = undone;
      undone = unescaped(undone);
      if (undone === before) break;
      this.#look(where, undone, this.#raw);
    }
    for (let cut = lower.indexOf('…'); cut >= 0; cut = lower.indexOf('…', cut + 1)) {
      const before = lower.slice(Math.max(0, cut - 100), cut);
      for (let at = 0; at <= before.length - BEFORE_CUT; at++) {
        for (const needle of this.#beginnings.get(before.slice(at, at + BEFORE_CUT)) ?? [])
          if (needle.text.startsWith(before.slice(at))) this.#saw(where, { ...needle, text: `${before.slice(at)}…` }, lower, cut);
      }
    }
  }

  #look(where: string, text: string, needles: readonly Needle[]): void {
    for (const needle of needles) {
      const at = text.indexOf(needle.text);
      if (at >= 0) this.#saw(where, needle, text, at);
    }
  }

  #saw(where: string, { canary, encoding, text: form }: Needle, text: string, at: number): void {
    this.sightings.push({ where, canary, encoding, form, around: text.slice(Math.max(0, at - 200), at + 200) });
  }
}

/** Base64 at each place that it may begin at, in both alphabets. */
function encoded(text: string): Record<Encoding, string[]> {
  const bytes = Buffer.from(text, 'utf8');
  // In capitals it is another text, where one letter becomes two.
  const own = [text, text.toUpperCase()];
  const json = own.map((one) => JSON.stringify(one).slice(1, -1));
  const base64 = ['', '.', '..'].flatMap((before) => {
    const inside = Buffer.from(`${before}${text}`, 'utf8');
    // The first and the last character may be shared with what stands around the secret.
    const from = before.length === 0 ? 0 : before.length + 1;
    return (['base64', 'base64url'] as const).map((alphabet) => inside.toString(alphabet).replace(/=+$/, '').slice(from, -1));
  });
  return {
    plain: [...own, bytes.toString('latin1')],
    percent: own.flatMap((one) => [encodeURIComponent(one), new URLSearchParams({ a: one }).toString().slice(2)]),
    JSON: [...json, ...json.map((one) => JSON.stringify(one).slice(1, -1))],
    hex: [bytes.toString('hex')],
    base64,
  };
}

function unescaped(text: string): string {
  return text
    .replace(/(?:%[0-9a-f]{2})+/g, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8').toLowerCase())
    .replace(/\\u([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)).toLowerCase())
    .replace(/(?:\\x[0-9a-f]{2})+/g, (run) => Buffer.from(run.replaceAll('\\x', ''), 'hex').toString('utf8').toLowerCase())
    .replace(/\\(["\\/])/g, '$1')
    .replace(/&#(\d{1,7});/g, (_, code: string) => String.fromCodePoint(Math.min(0x10ffff, Number(code))).toLowerCase())
    .replace(/&#x([0-9a-f]{1,6});/g, (_, code: string) =>
      String.fromCodePoint(Math.min(0x10ffff, Number.parseInt(code, 16))).toLowerCase(),
    )
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
