#!/usr/bin/env sh
':' //; [ "${UV_THREADPOOL_SIZE+set}" ] || export UV_THREADPOOL_SIZE=256 OUTLAST_POOL_IS_OURS=1; exec node --max-semi-space-size=8 --expose-gc -- "$0" "$@"

// A shell script of one line, which is a JavaScript module, too. With node in the first line, it would take for itself whatever
// of our flags it knows, such as --env-file: behind -- it does not. Links lead here as to any other program.
//
// Names are looked up by threads of libuv, on half of its 4, so that two that nobody answers for would hold up all other hosts.
// With 256, all of the 128 hosts that are done at the same time at most, unless told otherwise, are looked up at once. Node starts the
// threads before it runs any of a module.
//
// What a login leaves behind is garbage at once. With V8's 16 MB of room for what is young, half of the memory of a run over a thousand
// hosts would be such garbage; and that of a larger one grows unless it is collected now and then (fleet/garbage.ts).
import '../program/outlast.js';
