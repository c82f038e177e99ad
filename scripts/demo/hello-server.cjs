'use strict';

const { readFileSync } = require('node:fs');
const { createServer } = require('node:http');

// Which host this is, and which port is its own; 0 is a free one.
const { name, port } = JSON.parse(readFileSync('site.json', 'utf8'));

const server = createServer((request, response) => {
  log(`${request.method} ${request.url}`);
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(`hello from ${name}, pid ${process.pid}\n`);
});
server.listen(port, '127.0.0.1', () => log(`listening on http://127.0.0.1:${server.address().port}/`));

function log(text) {
  process.stdout.write(`${text}\n`);
}
