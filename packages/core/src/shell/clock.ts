import { sh } from './template.js';

/** Shell functions that tell the time: the host's own, for people, and one that nobody sets back, for decisions. */
export const CLOCK_FUNCTIONS = sh`
  # now: seconds since the epoch, 0 where the host has no clock to ask.
  now() { date +%s 2>/dev/null || echo 0; }

  # read_clock: sets clock to tenths of a second of a clock that nobody sets back.
  read_clock() {
    if { IFS=' .' read -r whole fraction rest </proc/uptime; } 2>/dev/null; then
      clock=$((whole * 10 + \${fraction%?}))
    else
      clock=$(($(now) * 10))
    fi
  }
`;
