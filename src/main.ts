/** The command line: which command was meant, and the exit code that it ends with. Each command is loaded when it is called: `check` needs no server. */

import { Command, CommanderError } from 'commander';
import { health } from './commands/health.ts';
import { complain, EXIT, type ExitCode, hideCredentials, paintFault, printBug, settingOption } from './commands/terminal.ts';
import { Fault } from './fault.ts';
import { environment } from './server-settings.ts';
import { SERVER_SETTINGS } from './settings.ts';
import { VERSION } from './version.ts';

const folder = () => {
  const option = settingOption('destinations');
  return option.default(environment()[SERVER_SETTINGS.destinations.env] || SERVER_SETTINGS.destinations.default);
};

function program(end: (code: ExitCode) => void): Command {
  const rowpost = new Command('rowpost')
    .description('Turns YAML manifests into Hightouch embedded destinations.')
    .version(VERSION)
    .showHelpAfterError('(rowpost --help lists the commands)')
    .configureOutput({ writeErr: complain })
    .exitOverride();

  const serving = rowpost.command('serve').description('Serve the destinations of a folder until SIGTERM.');
  for (const name of Object.keys(SERVER_SETTINGS) as (keyof typeof SERVER_SETTINGS)[]) serving.addOption(settingOption(name)); // the keys of a literal
  serving.action(async (flags) => {
    const { serve } = await import('./commands/serve.ts');
    end(await serve(flags));
  });

  rowpost
    .command('check')
    .description('Show every fault of manifests, each at its line. Needs no settings.')
    .argument('[destination...]', 'ids, or paths of manifests; all of the folder unless given')
    .addOption(folder())
    .option('--explain', 'say how many templates were compiled')
    .option('--json', 'print JSON for programs')
    .action(async (names: string[], options) => {
      const { check } = await import('./commands/check.ts');
      end(check(names, options));
    });

  rowpost
    .command('test')
    .description('Play the golden cases beside the manifests. Nothing leaves the machine.')
    .argument('[destination...]', 'ids, or paths of manifests; all of the folder unless given')
    .addOption(folder())
    .option('--update', 'write the requests and results that came into the files of cases')
    .option('--json', 'print JSON for programs')
    .action(async (names: string[], options) => {
      const { test } = await import('./commands/test.ts');
      end(await test(names, options));
    });

  rowpost
    .command('render')
    .description('Show the exact requests that rows would cause, as HTTP and as curl, secrets hidden. Sends nothing.')
    .argument('<destination>', 'an id, or the path of a manifest')
    .requiredOption(
      '--rows <file>',
      'rows: a JSON list, one JSON object a line, or CSV with a header line; - reads standard input',
    )
    .option('--config <file>', 'the sync configuration: the JSON that Hightouch sends as configuration')
    .option('--operation <name>', 'add, change or remove', 'add')
    .option('--id-column <name>', "the primary key's column; the first one unless given")
    .option('--lookups <file>', 'answers of lookups, by name, where the templates read some')
    .addOption(folder())
    .option('--json', 'print JSON for programs')
    .action(async (name: string, options) => {
      const { render } = await import('./commands/render.ts');
      end(await render(name, options));
    });

  rowpost
    .command('list')
    .description('List the destinations of the folder, their state, and their paths.')
    .addOption(folder())
    .option('--json', 'print JSON for programs')
    .action(async (options) => {
      const { list } = await import('./commands/list.ts');
      end(list(options));
    });

  rowpost
    .command('health')
    .description('Ask the server of this machine whether it lives: 0 if it does, else 1.')
    .addOption(settingOption('host'))
    .addOption(settingOption('port'))
    .action(async (flags) => end(await health(flags)));

  rowpost
    .command('chaos')
    .description('An API on this machine that misbehaves, with a ledger of what truly arrived. Runs until SIGINT.')
    .option('--port <number>', 'the port to listen on; 0 takes any free one', '9099')
    .option('--host <address>', 'the address to listen on; anybody who reaches it may send and ask', '127.0.0.1')
    .option('--rate <share>', 'how many of the requests meet a fault, from 0 to 1', '0.3')
    .option('--faults <names>', 'which ones, between commas; all unless given')
    .option('--seed <number>', 'repeats a run; drawn and shown unless given')
    .option('--late <duration>', 'until a late answer', '3s')
    .option('--drip <duration>', 'between two bytes of an answer that drips', '5ms')
    .option('--rows <path>', 'where the rows stand, such as body.data.rows; found unless given')
    .option('--id <paths>', 'where a row has its id, between commas; id, email, key and the like unless given')
    .option('--quiet', 'no line for each request')
    .option('--list', 'list the faults')
    .action(async (flags) => {
      const { chaos } = await import('./commands/chaos/chaos.ts');
      end(await chaos(flags));
    });

  rowpost
    .command('demo')
    .description('See a sync from end to end, against a made-up API on this machine. Ends by itself.')
    .action(async () => {
      const { demo } = await import('./commands/demo/demo.ts');
      end(await demo());
    });
  return rowpost;
}

// Who reads on the other side of a pipe may stop early, as head does: that is an end, not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
});

hideCredentials();
let code: ExitCode = EXIT.ok;
try {
  await program((ended) => {
    code = ended;
  }).parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Help and the version end here too, with 0; whatever else commander refuses is misuse.
    code = error.exitCode === 0 ? EXIT.ok : EXIT.misuse;
  } else if (error instanceof Fault) {
    process.stderr.write(`${paintFault(error)}\n`);
    code = EXIT.misuse;
  } else {
    printBug(error);
    code = EXIT.faults;
  }
}
process.exitCode = code;
