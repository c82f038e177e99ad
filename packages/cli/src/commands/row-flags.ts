import { type Command, Option } from 'commander';
import { parseRowOrder } from '../output/row-order.js';
import type { RowShape } from '../output/row-shapes.js';
import { parseRowTemplate } from '../output/row-template.js';

/** Declares the flags of a verb that prints rows: in which order, how wide, or as lines of another form. */
export function addRowFlags(command: Command, shape: RowShape): void {
  command
    .addOption(
      new Option(
        '--sort <field>',
        'order of the rows by column or field, such as host or -mem (downwards); several with commas',
      )
        .argParser((text) => parseRowOrder(text, shape))
        .conflicts(['json', 'ndjson']),
    )
    .option('--wide', 'every column there is, and nothing cut to the width of the terminal')
    .addOption(
      new Option('--format <template>', "a line for each row, such as '{host} {pid}', with the fields of --json")
        .argParser((text) => parseRowTemplate(text, shape))
        .conflicts(['json', 'ndjson']),
    );
}
