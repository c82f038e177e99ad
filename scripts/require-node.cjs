// biome-ignore-all lint/suspicious/noVar: has to parse on the oldest Node, to say that it is too old
// biome-ignore-all lint/style/useTemplate: likewise
'use strict';

/** Says whether outlast runs on this version of Node, given as `major.minor.patch`. */
function isSupportedNode(version) {
  var parts = version.split('.');
  var major = Number(parts[0]);
  var minor = Number(parts[1]);
  if (major === 20) return minor >= 19;
  if (major === 22) return minor >= 12;
  return major > 22;
}

/** Ends the process with one line when this Node is too old. */
function requireNode() {
  var version = process.versions.node;
  if (isSupportedNode(version)) return;
  var needed = 'outlast needs Node 20.19, 22.12 or later, and this is Node ';
  process.stderr.write(needed + version + ': see https://nodejs.org/en/download\n');
  process.exit(1);
}

exports.isSupportedNode = isSupportedNode;
exports.requireNode = requireNode;
