// Shopping lists that many agents share: node server.ts STATE_FILE PORT. MCP at /mcp, metrics at /metrics.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { z } from 'zod';

import { expectTools, instrument, page } from './metrics.ts';
import { Lists, counted, holding, kindOf, log, optimistic } from './state.ts';

const [file, port] = process.argv.slice(2);
if (file === undefined || !/^\d{1,5}$/.test(port ?? '') || Number(port) > 65_535) {
  fail('usage: node server.ts STATE_FILE PORT', 2);
}

expectTools({
  add_item: { writes: true, conflicts: true, retries: true },
  replace_items: { writes: true, conflicts: true },
  buy: { writes: true, conflicts: true, locks: true },
  get_list: {},
});
const lists = opened(file);
const name = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/).describe('The name of a list.');
const READS = { readOnlyHint: true, idempotentHint: true };

function fail(message: string, status: number): never {
  console.error(message);
  process.exit(status);
}

function opened(path: string): Lists {
  try {
    return new Lists(path);
  } catch (error) {
    fail(`cannot keep lists in ${path}: ${(error as Error).message}`, 1);
  }
}

function answer<T extends Record<string, unknown>>(result: T) {
  return { structuredContent: result, content: [{ type: 'text' as const, text: JSON.stringify(result) }] };
}

/** Without sessions each request has a server of its own; what outlives a request is in the store. */
function serverOfOneRequest(): McpServer {
  const server = new McpServer({ name: 'lists', version: '1.0.0' });
  instrument(server);

  server.registerTool('add_item', {
    description: 'Add an item to a list; returns the whole list.',
    inputSchema: z.object({ list_name: name, item: z.string().max(200) }).strict(),
    outputSchema: { result: z.array(z.string()) },
  }, async ({ list_name, item }) => {
    lists.ensure(list_name);
    return answer({
      result: await optimistic('add_item', list_name, async () => {
        const before = lists.get(list_name);
        await sleep(1); // what a real handler awaits between reading and writing, such as a look-up
        const items = [...before.items, item];
        lists.swap(list_name, before.version, items);
        return items;
      }),
    });
  });

  server.registerTool('replace_items', {
    description: 'Replace the items of a list, if it is still at the version that get_list gave; returns the new version.',
    inputSchema: z.object({
      list_name: name, expected_version: z.number().int().min(0), items: z.array(z.string().max(200)).max(1000),
    }).strict(),
    outputSchema: { version: z.number().int() },
  }, async ({ list_name, expected_version, items }) => answer({
    version: await counted('replace_items', list_name, async () => {
      lists.get(list_name); // a list that is not there is the caller's mistake, and no conflict
      lists.swap(list_name, expected_version, items);
      return expected_version + 1;
    }),
  }));

  server.registerTool('buy', {
    description: 'Buy what is on a list, which no two agents may do at once; returns how often that was done.',
    inputSchema: z.object({ list_name: name }).strict(),
    outputSchema: { result: z.number().int() },
  }, async ({ list_name }) => answer({
    result: await counted('buy', list_name, async () => {
      lists.get(list_name); // there is one to lock
      return await holding(lists, list_name, 'buy', { ttlMs: 10_000, waitMs: 5_000 }, async (token) => {
        const times = lists.get(list_name).bought + 1;
        await sleep(10); // the work
        lists.writeGuarded(list_name, token, times);
        return times;
      });
    }),
  }));

  server.registerTool('get_list', {
    description: 'The items of a list, its version, and how often it was bought.',
    annotations: READS,
    inputSchema: z.object({ list_name: name }).strict(),
    outputSchema: { items: z.array(z.string()), version: z.number().int(), bought: z.number().int() },
  }, async ({ list_name }) => answer({ ...lists.get(list_name) }));

  return server;
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '').split('?')[0];
  if (path === '/metrics') return await page(response, lists.count());
  if (path !== '/mcp') return void response.writeHead(404).end('MCP is at /mcp, the metrics are at /metrics\n');
  if (request.method !== 'POST') return void response.writeHead(405, { allow: 'POST' }).end();
  const server = serverOfOneRequest();
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: undefined, // stateless
    enableJsonResponse: true,
    allowedHosts: [`127.0.0.1:${port}`, `localhost:${port}`], // against DNS rebinding
    enableDnsRebindingProtection: true,
  });
  response.on('close', () => void server.close());
  await server.connect(transport);
  await transport.handleRequest(request, response);
}

const http = createServer((request, response) => {
  serve(request, response).catch((error: unknown) => {
    log('error', 'request_failed', { error: kindOf(error) });
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
});
http.on('error', (error) => fail(`cannot listen on 127.0.0.1:${port}: ${error.message}`, 1));
http.listen(Number(port), '127.0.0.1', () => log('info', 'listening', { url: `http://127.0.0.1:${port}/mcp` }));
process.on('SIGTERM', () => http.close(() => process.exit(0)).closeIdleConnections());
