#!/usr/bin/env sh
':' //; exec node -- "$0" "$@"

// A shell script of one line, which is a JavaScript module, too. With node in the first line, it would take for itself whatever
// of our flags it knows, such as --env-file: behind -- it does not. Links lead here as to any other program.
import '../dist/bin.js';
