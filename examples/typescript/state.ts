// Shared state in one SQLite file: a version for each list, a lock with a fencing token, and what callers make of them.
// better-sqlite3 is synchronous: a statement blocks the process, and nothing comes between two statements without an
// `await`. Other processes on the file do, and so does every caller at an `await`.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import Database from 'better-sqlite3';

import { STORE, committed, conflicts, lockWait, retries, writeLockWait, writes } from './metrics.ts';
import type { Outcome } from './metrics.ts';

export class ConflictError extends Error {} // another writer came first; nothing was written
export class RejectedError extends Error {} // the caller's mistake; nothing was written

export interface List {
  items: string[];
  version: number;
  bought: number;
}

interface Row {
  items: string;
  version: number;
  bought: number;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS lists (
    name TEXT PRIMARY KEY, items TEXT NOT NULL DEFAULT '[]', version INTEGER NOT NULL DEFAULT 0,
    bought INTEGER NOT NULL DEFAULT 0, fence INTEGER NOT NULL DEFAULT 0, owner TEXT, expires_at REAL NOT NULL DEFAULT 0
  ) STRICT`;

export class Lists {
  readonly #db: Database.Database;
  readonly #prepared = new Map<string, Database.Statement>();

  constructor(file: string) {
    this.#db = new Database(file);
    this.#db.pragma('journal_mode = WAL');
    this.#db.pragma('synchronous = FULL'); // what was acknowledged survives a loss of power; NORMAL does not promise it
    this.#db.pragma('busy_timeout = 5000');
    this.#db.exec(SCHEMA);
  }

  count(): number {
    return this.#prepare('SELECT count(*) FROM lists').pluck().get() as number;
  }

  ensure(name: string): void {
    if (!this.#find(name)) this.#write('INSERT INTO lists (name) VALUES (@name) ON CONFLICT DO NOTHING', { name });
  }

  get(name: string): List {
    const row = this.#find(name);
    if (!row) throw new RejectedError(`there is no list ${JSON.stringify(name)}; add_item makes one`);
    return { items: JSON.parse(row.items), version: row.version, bought: row.bought };
  }

  /** Compare-and-swap: the items are replaced if the list is still at the version that was read. */
  swap(name: string, expectedVersion: number, items: string[]): void {
    const sql = 'UPDATE lists SET items = @items, version = version + 1 WHERE name = @name AND version = @expectedVersion';
    if (this.#write(sql, { name, expectedVersion, items: JSON.stringify(items) }) === 0) {
      throw new ConflictError(`list ${JSON.stringify(name)} is not at version ${expectedVersion} any more`);
    }
  }

  /** The fencing token of a new grant, or undefined while another owner holds the lock. */
  acquire(name: string, owner: string, ttlMs: number): number | undefined {
    const sql = `UPDATE lists SET owner = @owner, fence = fence + 1, expires_at = @now + @ttlMs
                 WHERE name = @name AND expires_at <= @now`;
    const taken = this.#write(sql, { name, owner, ttlMs, now: Date.now() }) === 1;
    if (!taken) return undefined;
    return this.#prepare('SELECT fence FROM lists WHERE name = ? AND owner = ?').pluck().get(name, owner) as number;
  }

  release(name: string, owner: string): void {
    this.#write('UPDATE lists SET owner = NULL, expires_at = 0 WHERE name = @name AND owner = @owner', { name, owner });
  }

  /** Refused unless the token is that of the newest grant: a holder that was stopped must not undo its successor. */
  writeGuarded(name: string, token: number, bought: number): void {
    const sql = 'UPDATE lists SET bought = @bought WHERE name = @name AND fence = @token';
    if (this.#write(sql, { name, token, bought }) === 0) {
      throw new ConflictError(`fencing token ${token} of list ${JSON.stringify(name)} is not the newest`);
    }
  }

  #find(name: string): Row | undefined {
    return this.#prepare('SELECT items, version, bought FROM lists WHERE name = ?').get(name) as Row | undefined;
  }

  /**
   * Each statement is prepared once and kept. That is cheaper, and better-sqlite3 12.11.1 on Node 24.19 ends the process
   * when it collects a statement as garbage.
   */
  #prepare(sql: string): Database.Statement {
    let statement = this.#prepared.get(sql);
    if (!statement) this.#prepared.set(sql, (statement = this.#db.prepare(sql)));
    return statement;
  }

  /** One statement in a transaction of its own, timed; returns how many rows it changed. */
  #write(sql: string, values: object): number {
    const statement = this.#prepare(sql);
    const began = performance.now();
    try {
      this.#db.exec('BEGIN IMMEDIATE');
    } finally {
      writeLockWait.observe({ store: STORE }, (performance.now() - began) / 1000);
    }
    try {
      const { changes } = statement.run(values);
      const commits = performance.now();
      this.#db.exec('COMMIT');
      committed((performance.now() - commits) / 1000);
      return changes;
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }
}

const RETRIES = 3;

/** Read, compute, write if unchanged: `attempt` is tried again where another writer came first. */
export async function optimistic<T>(tool: string, handle: string, attempt: () => Promise<T>): Promise<T> {
  for (let retry = 0; ; retry++) {
    try {
      const result = await attempt();
      ended(tool, handle, 'ok', retry);
      return result;
    } catch (error) {
      if (!(error instanceof ConflictError)) {
        ended(tool, handle, outcomeOf(error), retry, error);
        throw error;
      }
      conflictMet(tool, handle, retry);
      if (retry === RETRIES) {
        ended(tool, handle, 'conflict', retry);
        log('error', 'write_gave_up', { session_id: handle, tool, tries: retry + 1 });
        throw new ConflictError(`${handle} was changed by others on each of ${retry + 1} tries; nothing was written`);
      }
      await sleep(Math.min(50 * 2 ** retry, 500) + 50 * Math.random());
    }
  }
}

/** Makes one write without retries, and counts how it ended. */
export async function counted<T>(tool: string, handle: string, write: () => Promise<T>): Promise<T> {
  try {
    const result = await write();
    ended(tool, handle, 'ok');
    return result;
  } catch (error) {
    if (error instanceof ConflictError) conflictMet(tool, handle, 0);
    ended(tool, handle, outcomeOf(error), undefined, error);
    throw error;
  }
}

/** Waits for the lock, works under it, gives it back. The work's result or error stands, whatever becomes of that. */
export async function holding<T>(
  lists: Lists, name: string, tool: string, { ttlMs, waitMs }: { ttlMs: number; waitMs: number },
  work: (token: number) => Promise<T>,
): Promise<T> {
  const owner = randomUUID();
  const began = performance.now();
  let token: number | undefined;
  try {
    for (let pause = 5; (token = lists.acquire(name, owner, ttlMs)) === undefined; pause = Math.min(2 * pause, 100)) {
      if (performance.now() - began > waitMs) throw new RejectedError(`the lock of ${name} is held by another`);
      await sleep(pause * (0.5 + Math.random() / 2));
    }
  } finally {
    lockWaited(tool, name, (performance.now() - began) / 1000);
  }
  try {
    return await work(token);
  } finally {
    try {
      lists.release(name, owner);
    } catch (error) {
      log('warning', 'release_failed', { session_id: name, tool, error: kindOf(error) }); // the lock expires
    }
  }
}

function conflictMet(tool: string, handle: string, retryCount: number): void {
  conflicts.inc({ store: STORE, tool });
  log('warning', 'write_conflict', { session_id: handle, tool, retry_count: retryCount, store: STORE });
}

function ended(tool: string, handle: string, outcome: Outcome, retried?: number, error?: unknown): void {
  writes.inc({ store: STORE, tool, outcome });
  if (retried !== undefined) retries.observe({ store: STORE, tool }, retried);
  if (outcome !== 'failed') return;
  log('error', 'write_failed', { session_id: handle, tool, store: STORE, error: kindOf(error) });
}

export function kindOf(error: unknown): string {
  return error instanceof Error ? error.constructor.name : typeof error; // its text may quote arguments
}

function lockWaited(tool: string, handle: string, seconds: number): void {
  lockWait.observe({ store: STORE, tool }, seconds);
  if (seconds <= 0.5) return;
  log('warning', 'lock_wait', { session_id: handle, tool, wait_seconds: Number(seconds.toFixed(3)), store: STORE });
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof ConflictError) return 'conflict';
  return error instanceof RejectedError ? 'rejected' : 'failed';
}

/** One line of JSON on stderr: names and numbers, never arguments or results. */
export function log(level: string, event: string, facts: object): void {
  console.error(JSON.stringify({ time: new Date().toISOString(), level, logger: 'mcp_state', event, ...facts }));
}
