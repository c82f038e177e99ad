'use strict';

require('./require-node.cjs').requireNode();
require('./run-main.cjs').runMain('fault-proxy.mjs');
