// The families of mcp_state and mcp_tool, under the names, labels and buckets of the Python package mcp-shared-state, so
// that dashboards and alerts of one serve the other. The series of a tool begin at zero: the first conflict is a rise.
import type { ServerResponse } from 'node:http';

import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export const STORE = 'sqlite';
const UNKNOWN_TOOL = 'unknown'; // texts of callers never become label values

const CALL_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const LOCK_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const COMMIT_SECONDS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];
const WAIT_SECONDS = [0.0001, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const OUTCOMES = ['ok', 'conflict', 'rejected', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What a tool does to shared state, and so which series it has. */
export interface ToolTraits {
  writes?: boolean;
  conflicts?: boolean;
  retries?: boolean;
  locks?: boolean;
}

const registry = new Registry();
const registers = [registry];
const byTool = ['store', 'tool'] as const;
const call = ['tool_name', 'status'] as const;

const calls = new Counter({
  name: 'mcp_tool_calls_total', help: 'Tool calls answered, by tool and status.', labelNames: call, registers,
});
const duration = new Histogram({
  name: 'mcp_tool_duration_seconds', help: "Time from a tool call's arrival at the server to its answer, in seconds.",
  labelNames: call, buckets: CALL_SECONDS, registers,
});
export const writes = new Counter({
  name: 'mcp_state_writes_total', help: 'Writes to shared state as the caller was told: ok, conflict, rejected, failed.',
  labelNames: [...byTool, 'outcome'], registers,
});
export const conflicts = new Counter({
  name: 'mcp_state_write_conflicts_total', help: 'Attempts to write that lost, those that a retry made good included.',
  labelNames: byTool, registers,
});
export const retries = new Histogram({
  name: 'mcp_state_write_retries', help: 'Retries a write with optimistic locking took until it won or gave up.',
  labelNames: byTool, buckets: [0, 1, 2, 3], registers,
});
export const lockWait = new Histogram({
  name: 'mcp_state_lock_wait_seconds', help: 'Time a call waited for a lock, whether it got it or not, in seconds.',
  labelNames: byTool, buckets: LOCK_SECONDS, registers,
});
const batchSize = new Histogram({
  name: 'mcp_state_batch_size', help: 'Writes that shared one commit.',
  labelNames: ['store'], buckets: [1, 2, 5, 10, 20, 50, 100, 200, 512], registers,
});
const commit = new Histogram({
  name: 'mcp_state_commit_seconds', help: 'Time one commit took, in seconds.',
  labelNames: ['store'], buckets: COMMIT_SECONDS, registers,
});
export const writeLockWait = new Histogram({
  name: 'mcp_state_write_lock_wait_seconds', help: 'Time a commit waited for the write lock of the database, in seconds.',
  labelNames: ['store'], buckets: WAIT_SECONDS, registers,
});
const activeSessions = new Gauge({ name: 'mcp_active_sessions', help: 'Workflow sessions that live.', registers });
const storeSafe = new Gauge({
  name: 'mcp_state_store_safe', help: '1 where the store loses no updates.', labelNames: ['store'], registers,
});
storeSafe.set({ store: STORE }, 1);
for (const family of [batchSize, commit, writeLockWait]) family.zero({ store: STORE });

const expected = new Set<string>();

/** Has the series of these tools begin at zero. */
export function expectTools(tools: Record<string, ToolTraits>): void {
  for (const [tool, traits] of Object.entries(tools)) {
    const labels = { store: STORE, tool };
    if (traits.writes) for (const outcome of OUTCOMES) writes.inc({ ...labels, outcome }, 0);
    if (traits.conflicts) conflicts.inc(labels, 0);
    if (traits.retries) retries.zero(labels);
    if (traits.locks) lockWait.zero(labels);
    expected.add(tool);
  }
  for (const tool_name of [...expected, UNKNOWN_TOOL]) {
    for (const status of ['ok', 'error']) {
      calls.inc({ tool_name, status }, 0);
      duration.zero({ tool_name, status });
    }
  }
}

/** Counts and times every tool call of a server, refused ones too. To be called before its tools are registered. */
export function instrument(server: McpServer): void {
  const register = server.server.setRequestHandler.bind(server.server);
  server.server.setRequestHandler = ((schema: unknown, handle: (request: any, extra: any) => Promise<any>) => {
    if (schema !== CallToolRequestSchema) return register(schema as any, handle);
    return register(CallToolRequestSchema, async (request, extra) => {
      const began = performance.now();
      const tool_name = expected.has(request.params.name) ? request.params.name : UNKNOWN_TOOL;
      let status = 'error';
      try {
        const result = await handle(request, extra);
        if (!result.isError) status = 'ok';
        return result;
      } finally {
        calls.inc({ tool_name, status });
        duration.observe({ tool_name, status }, (performance.now() - began) / 1000);
      }
    });
  }) as typeof server.server.setRequestHandler;
}

/** One transaction with one write was committed. */
export function committed(seconds: number): void {
  batchSize.observe({ store: STORE }, 1);
  commit.observe({ store: STORE }, seconds);
}

/** Answers with the metrics page. `sessions` live now. */
export async function page(response: ServerResponse, sessions: number): Promise<void> {
  activeSessions.set(sessions);
  response.setHeader('content-type', registry.contentType).end(await registry.metrics());
}
