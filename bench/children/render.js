/** Renders the twenty fields of a contact in one way, the one that it was started with: each in a process of its own, so none spoils the other's compiled code. */

import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { contactOfRecord } from '../peers/contact.js';
import { answer } from './channel.js';

/** Renders between two looks at the clock. */
const BETWEEN = 200;

const [, , way, code] = process.argv;

/** Of Rowpost, as it was built or from its source. @param {string} name */
function module(name) {
  return code === 'source' ? `../../src/${name}.ts` : `../../dist/${name}.js`;
}

const manifest = () => new URL('../destinations/one.yaml', import.meta.url);

/**
 * Each makes what turns a record into the text of a body; and the records, where it has its own kind.
 * @type {Record<string, () => Promise<{ render(record: object): string, own?(record: object): object }>>}
 */
const WAYS = {
  async Rowpost() {
    const { parse } = await import('yaml');
    const { compileTree } = await import(module('template/tree'));
    const { scopeOf } = await import(module('template/scope'));
    const { readConfiguration, recordMaker } = await import(module('destination/mappings'));
    const { requests } = parse(readFileSync(manifest(), 'utf8'));
    const names = { where: 'the benchmark', known: new Map([['record', null]]) };
    const tree = compileTree(requests.upsert.json, names, (path, { sentence }) => {
      throw new Error(`${path.join('.')}: ${sentence}`);
    });
    // As delivery does it: a call's mappings are read once; a record and a scope are made for each row, which belongs to the work.
    const mappings = [...tree.names].flatMap((name) => {
      const [, to] = name.split('.');
      return to === undefined ? [] : [{ type: 'standard', from: to, to }];
    });
    const recordOf = recordMaker(readConfiguration({ mappings }).mappings);
    const common = scopeOf({});
    return { render: (row) => tree.json(common.with({ row }, recordOf(row))) };
  },
  async 'by hand'() {
    return { render: (record) => JSON.stringify(contactOfRecord(record)) };
  },
  async 'LiquidJS renderSync'() {
    const { Liquid } = await import('liquidjs');
    const engine = new Liquid();
    const plain =
      'external_id email phone company job_title plan seats lifetime_value active newsletter score referrer signed_up last_seen trial_ends locale';
    const pair = (name) => `"${name}": {{ record.${name} | json }}`;
    const address = ['city', 'country', 'postcode'].map(pair).join(', ');
    const name = '"name": {{ record.first_name | append: " " | append: record.last_name | json }}';
    const template = engine.parse(`{ ${plain.split(' ').map(pair).join(', ')}, ${name}, "address": { ${address} } }`);
    return { render: (record) => engine.renderSync(template, { record }) };
  },
  async 'RudderStack’s template engine'() {
    const { default: rudder } = await import('@rudderstack/json-template-engine');
    const plain =
      'external_id email phone company job_title plan seats lifetime_value active newsletter score referrer signed_up last_seen trial_ends locale';
    const pair = (name) => `${name}: .${name}`;
    const address = ['city', 'country', 'postcode'].map(pair).join(', ');
    const name = 'name: .first_name + " " + .last_name';
    const template = `{ ${plain.split(' ').map(pair).join(', ')}, ${name}, address: { ${address} } }`;
    // Simple paths are its fastest; they become plain accesses to properties.
    const engine = rudder.JsonTemplateEngine.createAsSync(template, { defaultPathType: rudder.PathType.SIMPLE });
    return { render: (record) => JSON.stringify(engine.evaluate(record)) };
  },
};

const { render, own = (record) => record } = await WAYS[way]();
/** @type {object[]} */
let records = [];
let next = 0;
/** Bytes: what is rendered is sent, and V8 may put off joining the parts of a text until it is read. */
let length = 0;

function renderSome() {
  for (let count = 0; count < BETWEEN; count++) length += Buffer.byteLength(render(records[next++ % records.length]));
}

answer({
  /** @returns what comes of each record */
  load(given) {
    records = given.map(own);
    return records.map(render);
  },
  /** Renders for so many milliseconds. @returns microseconds of CPU for each */
  render(ms) {
    const { user, system } = process.cpuUsage();
    const begun = performance.now();
    let renders = 0;
    while (performance.now() - begun < ms) {
      renderSome();
      renders += BETWEEN;
    }
    const after = process.cpuUsage();
    return { renders, cpu: after.user + after.system - user - system, length };
  },
});
process.channel.ref();
process.send({ ready: true });
