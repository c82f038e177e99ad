import { parseSurvey } from '../diagnosis/parse-survey.js';
import type { Survey } from '../diagnosis/survey.js';
import { SURVEY_FUNCTIONS } from '../diagnosis/survey-script.js';
import { IDENTITY_FUNCTIONS } from '../identity/identity.js';
import { LOGOUT_FUNCTIONS } from '../lifecycle/logout.js';
import { buildScript } from '../shell/script.js';
import { raw, sh } from '../shell/template.js';
import { LAYOUT_FUNCTIONS } from '../state/layout.js';
import type { Operation } from './operation.js';

/**
 * Looks at everything on a host that could get in the way; `diagnoseHost` says what it means. It leaves nothing behind: a record that it
 * writes and links beside the others, to see whether that works, is taken away at once.
 */
export const doctor: Operation<Readonly<Record<string, never>>, Survey> = {
  name: 'doctor',
  mutates: false,
  build: (_options, frame) => {
    const script = buildScript(frame, {
      title: 'doctor',
      functions: [IDENTITY_FUNCTIONS, LAYOUT_FUNCTIONS, LOGOUT_FUNCTIONS, SURVEY_FUNCTIONS],
      body: sh`
        uid=$(id -u 2>/dev/null)
        first=kept
        [ "\${outlast_first-}" = "$nonce" ] || first=eaten
        say "LOGIN $first \${uid:--} $(encode "$(id -un 2>/dev/null)")"
        survey_shell
        survey_tools
        survey_proc
        survey_clock
        survey_logout
        survey_state
        survey_server
        survey_limits
        survey_init
        survey_memory
        say SURVEYED
      `,
    });
    // The one line in a script of ours that something eats where an rc file reads stdin.
    return sh`outlast_first=${[frame.nonce]}
${raw(script)}`;
  },
  parse: parseSurvey,
};
